"""Texts that terminals disagree about, or that could act on one."""

from chat.core.text import clean

WIDTHS = (
    "plain",
    "日本語のテキスト",
    "한국어 텍스트",
    "wide at the edge " + "漢" * 40,
    "family 👨‍👩‍👧‍👦 end",
    "heart ❤️ keycap 1️⃣ end",
    "thumb 👍🏽 flag 🇩🇪 end",
    "combining e\u0301 n\u0303 a\u0308\u0323",
    "thai ก็ hindi नमस्ते",
    "hebrew שלום arabic مرحبا",
    "tab\there\tthere",
    "zero\u200bwidth soft\u00adhyphen",
    "many 👩‍🚀🧑🏿‍🤝‍🧑🏻🏳️‍🌈👨🏽‍⚕️🤦🏻‍♀️ in a row",
    "a_very_long_word_" * 12,
    "two\nlines and 😀\n\nfour",
    "\u0301starts with a mark",
    "z" + "\u0335" * 30 + "algo",
)

SHOWN = tuple(clean(text, lines=True) for text in WIDTHS)
"""As they come to be shown."""

HOSTILE = (
    "\x1b[2Jgone",
    "\x1b]0;title\x07after",
    "\x1b]52;c;aGFjaw==\x07clip",
    "\x1bPq#0~\x1b\\sixel",
    "\x9b31mred",
    "bell\x07\x07",
    "back\x08\x08\x08\x08over",
    "carriage\rreturn",
    "\u202eright to left\u202c",
    "\u2066isolate\u2069",
    "\x1b[?1049lout",
    "nul\x00byte",
    "line\u2028separator",
)
