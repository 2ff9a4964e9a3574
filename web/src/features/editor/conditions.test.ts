import { describe, expect, it } from 'vitest';
import { fieldsOf, read, write } from './conditions';

const isText = (field: string) => fieldsOf('LINEITEM')[field] ?? false;

describe('conditions', () => {
  it('come back as they were written', () => {
    for (const expression of [
      'currentTxn.value >= 25',
      'currentTxn.value >= 25 && currentTxn.note == "gift"',
      'currentLineItem.code == "a \\"b\\" && c" || currentTxn.value < -3.5',
    ]) {
      const conditions = read(expression);
      expect(conditions).not.toBeNull();
      expect(conditions && write(conditions, isText)).toBe(expression);
    }
  });

  it('are not shown as rows where they say more', () => {
    for (const expression of ['a.b > 1 && a.c > 2 || a.d > 3', '!(a.b > 1)', 'currentTxn.basketIncludes("category", "x")', 'a.b > a.c']) {
      expect(read(expression)).toBeNull();
    }
  });

  it('are empty where everything counts', () => {
    expect(read('true')).toEqual({ joint: 'all', rows: [] });
    expect(read('')).toEqual({ joint: 'all', rows: [] });
  });
});
