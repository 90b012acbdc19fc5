/** A column of a text table: its heading, and how a row's cell is written. Numbers arrive formatted, with the digits they have in the data. */
export type Column<Row> = { readonly header: string; readonly cell: (row: Row) => string };

/** A text in a cell may hold anything; a line break or a bar in it would read as another row or column. */
const inOneCell = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '/').trim();

/**
 * A table for the text part of an answer: a header line, then a line a row, cells separated by ' | '. Not aligned: spaces cost
 * tokens and a model does not need them. Without rows only the header: the caller says why there are none.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => cells.map(inOneCell).join(' | ');
  return [line(columns.map((column) => column.header)), ...rows.map((row) => line(columns.map((column) => column.cell(row))))].join('\n');
}
