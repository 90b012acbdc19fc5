/**
 * The query of an inline function in T-SQL as PostgreSQL runs it, for functions that keep to what is handled here: CONVERT, ISNULL, EOMONTH and
 * DATEADD of days, CROSS APPLY, scalar subqueries with TOP (1), bit columns compared with 1, @parameters as `parameters` say. Literal otherwise: no
 * general translation. Errors: Error when something of T-SQL is left.
 */
export function tsqlAsPostgres(text: string, parameters: Readonly<Record<string, string>>): string {
  const body = text.slice(text.indexOf('RETURN (') + 'RETURN ('.length, text.lastIndexOf(')')).replace(/--[^\n]*/g, '');
  const calls: readonly (readonly [name: string, make: (...parts: string[]) => string])[] = [
    ['EOMONTH', (day, months = '0') => `((date_trunc('month', (${day})::timestamp) + interval '1 month' * (1 + (${months})))::date - 1)`],
    ['DATEADD', (_unit, days, day) => `((${day}) + ${days})`],
    ['CONVERT', (type, value, style) => (style === undefined ? `(${value})::${typeName(type ?? '')}` : `to_char(${value}, 'YYYY-MM-DD')`)],
    ['ISNULL', (value, other) => `coalesce(${value}, ${other})`],
  ];
  let query = body;
  for (const [name, make] of calls) {
    for (let at = query.lastIndexOf(`${name}(`); at >= 0; at = query.lastIndexOf(`${name}(`)) {
      const { end, parts } = argumentsAt(query, at + name.length + 1);
      query = query.slice(0, at) + make(...parts) + query.slice(end);
    }
  }
  query = query
    .replaceAll('CROSS APPLY', 'CROSS JOIN LATERAL')
    .replace(/\(SELECT TOP \(1\) ([^()]*)\)/g, '(SELECT $1 LIMIT 1)')
    .replace(/\b(may_\w+) = 1\b/g, '$1')
    .replace(/\[(\w+)\]/g, '$1')
    .replace(/@(\w+)/g, (found, name: string) => parameters[name] ?? found);
  const left = /@|\bTOP\b|\bAPPLY\b|\bIIF\b|\bLEN\(|DATE(ADD|DIFF|PART)|\b(ISNULL|CONVERT|EOMONTH)\b|\[/.exec(query);
  if (left !== null) throw new Error(`not put into PostgreSQL's words: ${query.slice(left.index, left.index + 60)}`);
  return query;
}

function typeName(type: string): string {
  return type.replace(/^n?varchar\(\d+\)$/, 'text').replace(/^bit$/, 'boolean');
}

/** The arguments of a call whose parenthesis opens before `at`, and where the call ends. */
function argumentsAt(text: string, at: number): { readonly end: number; readonly parts: readonly string[] } {
  const parts: string[] = [];
  let depth = 0;
  let from = at;
  for (let place = at; place < text.length; place++) {
    const sign = text[place];
    if (sign === '(') depth++;
    if ((sign === ',' || sign === ')') && depth === 0) {
      parts.push(text.slice(from, place).trim());
      from = place + 1;
      if (sign === ')') return { end: from, parts };
    }
    if (sign === ')') depth--;
  }
  throw new Error('a call that does not end');
}
