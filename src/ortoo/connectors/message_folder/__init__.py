"""A folder as a message channel 消息文件夹: what the file-based channels share. No network."""

from __future__ import annotations

from ortoo.connectors.message_folder.channel import Channel, Letter
from ortoo.connectors.message_folder.folder import FolderFault, MessageFolder, Report

__all__ = ["Channel", "FolderFault", "Letter", "MessageFolder", "Report"]
