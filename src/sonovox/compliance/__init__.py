"""What agrees with another toolkit to the number: `sonovox.compliance.kaldi`."""
