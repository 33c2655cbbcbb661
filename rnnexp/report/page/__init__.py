"""Pages of HTML that need nothing else, in English and Japanese: what they are built of, whatever they are about."""
