"""The network itself as torch modules: backbone, CVCAM, MHSAM and head, put together in `cross_view`."""
