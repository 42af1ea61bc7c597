"""The languages, in the order in which every table writes its strings."""

from __future__ import annotations

from typing import TypeAlias

LANGUAGES = {"en": "English", "zh-TW": "正體中文", "zh-CN": "简体中文"}

Table: TypeAlias = "dict[str, tuple[str, str, str]]"
