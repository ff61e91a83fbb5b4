"""What every service has and none rewrites: mechanism only, never a rule of the procedure.

settings   values from the environment and secret files, or an exit that names what is wrong
mongo      the only module that knows motor: connection, group commit, files
outbox     a state and the events it owes in one write; the relay publishes them and keeps them until recorded
publisher  the only publisher: one connection, confirmed, that tells when it is back
bus        strict reading of bodies; acknowledge, wait and retry, or park
wire       a message whose properties cannot be decoded is parked, it does not cut the connection
lease      what a holder knows of its lease: checked right before an effect that cannot be taken back
smtp       where the mail relay is, and how to speak to it
mailer     one mail, one connection to the relay, and what it answered, never saw, or nobody can know
lecture    what a file is, found by bounded processes, and how it is said
francais   moments and numbers as French readers write them
gabarits   templates: a missing value fails, HTML is escaped
parked     a parking queue that RabbitMQ lost is filled again
worker     repeat a step while there is work: outside effects and sweeps
service    the mould: settings + router + store -> one ASGI application
"""

from services._runtime.wire import tolerate_any_properties

tolerate_any_properties()
