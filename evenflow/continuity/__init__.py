"""Check: one pass over a clip, one detector per defect kind, arbitration, severity; injection of faults."""
