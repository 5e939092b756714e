"""The dual-attention network: presets, backbones, CVCAM, MHSAM, heads, decoding and weights.

Read in this order: `presets`, `network`, `cvcam`, `mhsam`, `heads`, `localizer`.
"""
