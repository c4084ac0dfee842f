"""The nouns: Clip, Span, Finding, Report, Gate, Storyboard; contracts, errors and events."""
