"""Every speed that is promised, beside its peers, in one run."""
