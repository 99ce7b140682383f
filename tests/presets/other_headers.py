"""Header rows of exports that no preset is for, as their platforms write them."""

import csv

WRITTEN = {
    "stripe_payouts": "id,Amount,Created (UTC),Currency,Livemode,Arrival Date (UTC),Source Type,Destination,Status,Type,Method,Description,Balance Transaction,Failure Balance Transaction,Failure Message,Failure Code,Statement Descriptor,Trace ID,Trace ID Status,Destination Name,Destination Country,Destination Last 4",
    "book_loans": "Shelf mark,Borrowed on,Due back,Reminders",
}
UNKNOWN = {name: tuple(next(csv.reader([line]))) for name, line in WRITTEN.items()}
