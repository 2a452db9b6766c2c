"""The tracker: shows, viewings, mappings, conflicts, the log and its figures. What the pages and the API both call.

Every function takes the application's parts and the id of the user whose things it is about; what belongs to somebody
else is not there for it. Database errors come through as psycopg raises them (app.errors.from_database reads them).
"""
