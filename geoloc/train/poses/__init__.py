"""Training of what compares poses of a camera at eye level, on those that searches in synthetic towns come to."""
