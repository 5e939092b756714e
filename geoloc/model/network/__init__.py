"""The network as torch modules: backbone, cross-view attention (CVCAM), spatial attention (MHSAM) and head."""
