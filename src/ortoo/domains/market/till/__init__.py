"""「导入收银导出表」: any till's export into the cells of a firm's return."""
