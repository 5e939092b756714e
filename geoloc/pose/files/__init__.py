"""What files for other programs say of matched photographs: cameras, control points, copies, drapes."""
