"""CEB messages 跨境电商报文: signed XML kept byte for byte and handed out field by field."""
