"""The state databases behind the gateway, one module each, named by its code; all of them: catalogue.py.

A module has the record that the portal keeps of an answer, the register as the gateway's client needs it, and a typed
function to ask it. What the fields mean and where they come from: contracts/shep.md §4, §5. No rule of the law stands
here: whether a licence is good enough is decided by those who ask.
"""
