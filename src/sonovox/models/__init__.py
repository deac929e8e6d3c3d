"""Model families: one folder each, weights from anywhere."""
