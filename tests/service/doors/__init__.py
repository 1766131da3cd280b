"""Every route of every service tried by everybody who has no business there, with everything one can send."""
