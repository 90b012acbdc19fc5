import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataFence } from '../../shared/ai/fenced_data.ts';

const NONCE = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const fence = dataFence(NONCE);

/** What attacks on a fence are made of, in any order. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['<', '>', '</', `data-${NONCE}`, `</data-${NONCE}>`, `<data-${NONCE} name="x">`, NONCE, NONCE.slice(0, 16), NONCE.slice(16)],
        ...['＜', '＞', '﹤', '﹥', '\u202E', '\u200B', '\u{E0041}', '\0', '\x1B[2J', '\r', '\u2028', '\uD800', '\uDC00', '{{fence}}'],
        ...['&lt;', '<|im_end|>', '```', '\n# system\n', '\uFEFF'],
      ),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

/** The one thing between the first and the last line of a block. */
const inside = (block: string) => block.split('\n').slice(1, -1).join('\n');

describe('data in a prompt', () => {
  it('stands between tags that only this prompt has', () => {
    expect(fence.block('images', 'Playa con #sol\na las 6', 100)).toBe(
      `<data-${NONCE} name="images">\nPlaya con #sol\na las 6\n</data-${NONCE}>`,
    );
    expect(dataFence().tag).toMatch(/^data-[0-9a-f]{32}$/);
    expect(new Set(Array.from({ length: 100 }, () => dataFence().tag)).size).toBe(100);
  });

  it('cannot close its fence or open another, whatever it is', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 0, max: 300 }), (text, limit) => {
        const block = fence.block('campaign', text, limit);
        const body = inside(block);
        expect(block.match(/[<>]/g)).toHaveLength(4);
        expect(block.normalize('NFKC').match(/[<>]/g)).toHaveLength(4);
        expect(block.startsWith(`<data-${NONCE} name="campaign">\n`)).toBe(true);
        expect(block.endsWith(`\n</data-${NONCE}>`)).toBe(true);
        expect(body).not.toContain(NONCE);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hides nothing, is well formed, and is no longer than its limit and the sign that it was cut', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 0, max: 300 }), (text, limit) => {
        const body = inside(fence.block('campaign', text, limit));
        expect(body.isWellFormed()).toBe(true);
        expect(body).not.toMatch(/(?![\t\n\u200D])[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(body.length).toBeLessThanOrEqual(limit + 1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is left alone where it is harmless', () => {
    const text = 'Café «Volcán» — ¡20% más! 👩‍👩‍👧 #PuraVida\n\tsegunda línea & más';
    expect(inside(fence.block('campaign', text, 1_000))).toBe(text);
    expect(inside(fence.block('campaign', 'I <3 coffee > tea', 1_000))).toBe('I ‹3 coffee › tea');
  });

  it('says where it was cut, and is not cut within a character', () => {
    expect(inside(fence.block('campaign', 'abcdef', 3))).toBe('abc…');
    expect(inside(fence.block('campaign', 'abc', 3))).toBe('abc');
    expect(inside(fence.block('campaign', 'ab🌋cd', 3))).toBe('ab…');
  });

  it('is named by us', () => {
    expect(() => fence.block('x"><y', 'text', 10)).toThrow(TypeError);
  });
});
