"""An account's data out of one Tellykeep and into another, as a file that people and programs can read.

    snapshot.py    one moment of the database, for as long as an export is written
    exporting.py   everything that somebody owns, as JSON, piece by piece
    viewings.py    the viewings alone, as CSV
    cells.py       what makes text harmless in a spreadsheet
    kept.py        the pieces in a file, for whoever fetches it
    document.py    what an export consists of, and what is believed of one that is brought in
    reading.py     a JSON export, show by show
    reading_csv.py a CSV of viewings, show by show
    importing.py   such a file → an account, each show whole or not at all

Secrets are never in it, nor ids of this database.
"""
