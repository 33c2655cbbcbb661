"""The report of a conversion: its content, and as text, Markdown and HTML."""
