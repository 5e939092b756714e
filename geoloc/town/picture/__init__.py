"""How the synthetic town is seen: cameras, rays, light, materials and textures."""
