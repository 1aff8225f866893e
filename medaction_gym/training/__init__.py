"""Training: a language model learns from distilled trajectories; needs the extra ``sft``."""
