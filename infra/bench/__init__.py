"""What the hot paths cost beside their physical neighbours, measured in one run on one machine."""
