"""Amounts as people read them: grouped, rounded, with their unit."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Such as "1 episode", "1,204 episodes", "no episode"."""
    return f"no {noun}" if number == 0 else f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(minutes: int) -> str:
    """Such as "45 min", "3 h 20 min", "312 h". Its spaces do not break."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest}\u00a0min"
    if hours >= 10:
        return f"{round(minutes / 60):,}\u00a0h"
    return f"{hours}\u00a0h" + (f" {rest}\u00a0min" if rest else "")


def milliseconds(time: float) -> str:
    """Such as "2.9 ms", "120 ms", "1.4 s"."""
    if time >= 1000:
        return f"{time / 1000:.1f}\u00a0s"
    return f"{time:.0f}\u00a0ms" if time >= 10 else f"{time:.1f}\u00a0ms"


def share(percent: float) -> str:
    """Such as "33 %"; what is there is never none, and what is not all never all."""
    if 0 < percent < 1:
        return "<\u00a01\u00a0%"
    if 99 < percent < 100:
        return ">\u00a099\u00a0%"
    return f"{percent:.0f}\u00a0%"


def size(number: int) -> str:
    """Of a file, such as "12 KB", "3.4 MB", "1,204 MB". Its space does not break."""
    if number < 1_000_000:
        return f"{max(1, round(number / 1000))}\u00a0KB" if number else "0\u00a0KB"
    megabytes = number / 1_000_000
    return f"{megabytes:.1f}\u00a0MB" if megabytes < 10 else f"{megabytes:,.0f}\u00a0MB"
