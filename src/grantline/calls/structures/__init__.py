"""Bytes and texts as structures of names, lists, texts and numbers.

- `parsing`: what bytes say, whatever their header leaves out; `charset`, `json_values` and
  `xml_structure` are how each kind is read.
- `json_outline`, `json_difference`: JSON for people, and what differs between two values.
- `paths`: places in a structure.
"""
