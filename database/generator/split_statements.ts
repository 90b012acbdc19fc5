/** The statements of an SQL script, without comments of their own. Knows `--` comments, quoted text and dollar quotes without a tag. */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const [token] of script.matchAll(/--[^\n]*|\$\$[\s\S]*?\$\$|'(?:[^']|'')*'|;|[^-$';]+|[-$]/g)) {
    if (token === ';') {
      if (statement.trim() !== '') statements.push(statement.trim());
      statement = '';
    } else if (!token.startsWith('--')) {
      statement += token;
    }
  }
  if (statement.trim() !== '') statements.push(statement.trim());
  return statements;
}
