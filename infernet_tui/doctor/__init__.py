"""The health report of one machine: independent checks that look and never change anything.

`checks.CHECKS` is the list, in the order in which one thing depends on the other; `report.run`
yields each outcome as it is known. A check never raises for what it looks at: a failure is its
outcome, with the command to run next.
"""
