"""The terminal client: a pure model of what is shown, and a terminal, or lines, around it.

What comes in and goes out, from the outside in:

- `join` (`chat join`), `app` (the full screen), `plain` and `spoken` (lines), `opening`; around the
  screen `terminal`, `output`, `renderer`, `gate`, `asides`; from the keyboard `keystream`, `keys`.
- `model`: events and keys in, frames and effects out. It owns the `desk` (all that is known), which
  `news` changes from outside, and `actions`, `amending` and `preferences` for the user.
- `view` and `screen` compose a frame of `status`, `members`, `inputview` and the messages.

One room is a `roombuffer`; `buffers` has all of them. Its `timeline` owns the lines, `viewport` is
the part in view, `layout` and `bare` make rows of a line; `selection`, `search`, `unread`,
`mentions`, `presence`, `outgoing` and `catchup` know one thing each about it.

What is typed: `inputline`, `editor`, `prompts`, `recall`, `completion`. What is known of the
network: `health`, `sparkline`, `answers`. What is on disk: `settings` and `config`, `keep` and
`kept`, `diary` and `diaryfile`, brought together by `shelf`.
"""
