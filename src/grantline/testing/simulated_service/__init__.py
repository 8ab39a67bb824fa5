"""A service as its catalogue entry describes it, in this process and without a socket.

It reads the entry in the mirror: it demands what the entry says that we send (method, format,
authentication, headers, parameters under their own names, proofs) and it answers what the entry
says that we read (envelopes, paths, odd lifetimes). Whatever is missing or too much is a complaint.

Read in this order: ``service`` (what you hold), ``requests`` (what came in), ``checks`` (how it is
judged), ``answers`` (what goes out); ``apis`` and the modules named after services are APIs behind
its tokens, ``together`` several services at once. It shares no protocol code with Grantline's
client side.
"""

from grantline.testing.simulated_service.service import SimulatedService

__all__ = ["SimulatedService"]
