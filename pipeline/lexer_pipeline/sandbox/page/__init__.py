"""The sandbox's page for people: a checklist, uploads, datasets, tokens, rules and faults in one HTML document."""
