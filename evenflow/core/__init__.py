"""The nouns: Clip, Span, Finding, Measurement, Report, Gate, Storyboard; the contracts; the errors; events."""
