"""What every service shares: kernel (pure), runtime (I/O) and web (doors and pages)."""
