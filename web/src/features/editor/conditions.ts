export interface Row {
  field: string;
  operator: string;
  value: string;
}

export interface Conditions {
  joint: 'all' | 'any';
  rows: Row[];
}

export const OPERATORS = ['>=', '>', '<=', '<', '==', '!='] as const;
const ROW = /^\s*([A-Za-z_][\w.]*)\s*(>=|<=|==|!=|>|<)\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?)\s*$/;

/** The parts of an expression between a connective that stands outside texts and brackets. */
function split(expression: string, connective: '&&' | '||'): string[] | null {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let place = 0; place < expression.length; place += 1) {
    const letter = expression[place];
    if (letter === '\\' && quoted) place += 1;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === '(' || letter === ')')) return null;
    else if (!quoted && expression.startsWith(connective, place)) {
      parts.push(expression.slice(start, place));
      start = place + 2;
    }
  }
  return [...parts, expression.slice(start)];
}

/** The rows of an expression; null where it says more than rows can show. */
export function read(expression: string): Conditions | null {
  if (expression.trim() === '' || expression.trim() === 'true') return { joint: 'all', rows: [] };
  const all = split(expression, '&&');
  const any = split(expression, '||');
  if (all === null || any === null || (all.length > 1 && any.length > 1)) return null;
  const parts = any.length > 1 ? any : all;
  const rows: Row[] = [];
  for (const part of parts) {
    const found = ROW.exec(part);
    if (!found) return null;
    const literal = found[3];
    rows.push({ field: found[1], operator: found[2], value: literal.startsWith('"') ? literal.slice(1, -1).replace(/\\(["\\])/g, '$1') : literal });
  }
  return { joint: any.length > 1 ? 'any' : 'all', rows };
}

/** The expression of rows; a text is quoted, a number is not. */
export function write(conditions: Conditions, isText: (field: string) => boolean): string {
  const quoted = (text: string) => `"${text.replace(/([\\"])/g, '\\$1')}"`;
  return conditions.rows
    .map((row) => `${row.field} ${row.operator} ${isText(row.field) ? quoted(row.value) : row.value.trim() || '0'}`)
    .join(conditions.joint === 'any' ? ' || ' : ' && ');
}

/** The fields that a condition may name, by what the target reads; true for texts. */
export function fieldsOf(entity: string): Record<string, boolean> {
  const customer = {
    'currentCustomer.numberOfVisits': false, 'currentCustomer.numberOfTxns': false, 'currentCustomer.lifetimePurchase': false, 'currentCustomer.slabName': true,
  };
  const store = { 'currentStore.code': true, 'currentStore.name': true };
  const bill = {
    'currentTxn.value': false, 'currentTxn.grossAmount': false, 'currentTxn.discount': false, 'currentTxn.totalQty': false,
    'currentTxn.basketSize': false, 'currentTxn.note': true,
  };
  const line = {
    'currentLineItem.code': true, 'currentLineItem.value': false, 'currentLineItem.qty': false, 'currentLineItem.rate': false,
    'currentLineItem.discount': false, 'currentLineItem.description': true,
  };
  if (entity === 'TRANSACTION') return { ...bill, ...store, ...customer };
  if (entity === 'LINEITEM') return { ...line, ...bill, ...store, ...customer };
  return { ...store, ...customer };
}
