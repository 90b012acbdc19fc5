import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../../database/generator/channels.ts';
import {
  ANY_CHANNEL,
  excessOf,
  limitsOf,
  PLATFORM_LIMITS,
  publishedText,
} from '../../mcp-servers/content_generator/service/platform_limits.ts';
import { smsSegments, textLength } from '../../mcp-servers/content_generator/service/text_length.ts';

describe('the limits of the networks (T1)', () => {
  it('know every channel that campaigns run on', () => {
    const known = PLATFORM_LIMITS.map(({ channelId }) => channelId);
    expect(known).toEqual(expect.arrayContaining(CHANNELS.map(({ channelId }) => channelId)));
    expect(new Set(known).size).toBe(known.length);
  });

  it('say of every figure where it comes from and when that was looked at', () => {
    for (const { text, published, headline, hashtags } of [...PLATFORM_LIMITS, ANY_CHANNEL]) {
      for (const figure of [text, published, headline, hashtags]) {
        if (figure === undefined) continue;
        expect(figure.source.evidence).toMatch(/^(documented|reported|chosen)$/);
        expect(figure.source.name).not.toBe('');
        expect(new URL(figure.source.address).protocol).toBe('https:');
        expect(figure.source.checked).toMatch(/^\d{4}-\d\d-\d\d$/);
        expect(figure.most).toBeGreaterThanOrEqual(0);
      }
      expect(hashtags.fewest).toBeLessThanOrEqual(hashtags.most);
    }
  });

  it('are found by id, name or short form, any case', () => {
    expect(limitsOf('Instagram').channelId).toBe('instagram');
    expect(limitsOf('Google Search').channelId).toBe('google_search');
    expect(limitsOf('Correo electrónico').channelId).toBe('email');
    expect(limitsOf('twitter').channelId).toBe('x');
    expect(limitsOf(undefined)).toBe(ANY_CHANNEL);
    expect(() => limitsOf('constructor')).toThrow(/no limits known/);
    expect(() => limitsOf('Orkut')).toThrow(
      expect.objectContaining({ errorClass: 'invalid_input', remedy: expect.stringContaining('tiktok') }),
    );
  });

  it('say by how much a text is too long', () => {
    const { text } = limitsOf('google_search');
    expect(excessOf('a'.repeat(90), text)).toBe(0);
    expect(excessOf('a'.repeat(97), text)).toBe(7);
  });

  it('count hashtags where they are part of what is published', () => {
    expect(publishedText('Hola', ['#uno', '#dos'])).toBe('Hola\n#uno #dos');
    expect(publishedText('Hola', [])).toBe('Hola');
  });
});

describe('the length of a text', () => {
  it('is counted in characters, not in their codes, and as composed', () => {
    expect(textLength('café', 'characters')).toBe(4);
    expect(textLength('café'.normalize('NFD'), 'characters')).toBe(4);
    expect(textLength('🌞', 'characters')).toBe(1);
    expect(textLength('ñ', 'utf8_bytes')).toBe(2);
  });

  it('counts wide letters and emojis double where the network does', () => {
    expect(textLength('abc', 'double_width')).toBe(3);
    expect(textLength('咖啡', 'double_width')).toBe(4);
    expect(textLength('¡Café! 🌞', 'double_width')).toBe(9);
  });

  // The examples of X's own page on counting, and of twitter-text.
  it.each([
    ['This is a test.', 15],
    ['café'.normalize('NFD'), 4],
    ['👨‍👩‍👧‍👦', 2],
    ['🇨🇷', 2],
    ['咖啡', 4],
    ['https://www.example.com/a/very/long/path?with=query&and=more', 23],
    ['test.com', 23],
    ['Test https://test.com test https://test.com test.com test', 86],
    ['Mirá: https://ejemplo.com/a.', 6 + 23 + 1],
    ['1 2 3', 5],
    ['hola.Que tal', 12],
  ])('X counts "%s" as %i', (text, length) => expect(textLength(text, 'x_weighted')).toBe(length));

  it.each([
    ['', 'GSM-7', 0, 1],
    ['a'.repeat(160), 'GSM-7', 160, 1],
    ['a'.repeat(161), 'GSM-7', 161, 2],
    ['a'.repeat(307), 'GSM-7', 307, 3],
    ['€'.repeat(80), 'GSM-7', 160, 1],
    // 76 of two septets fit into 153, not 76 and a half.
    ['€'.repeat(153), 'GSM-7', 306, 3],
    ['ñ'.repeat(160), 'GSM-7', 160, 1],
    ['ó'.repeat(70), 'UCS-2', 70, 1],
    ['ó'.repeat(71), 'UCS-2', 71, 2],
    ['🌞'.repeat(35), 'UCS-2', 70, 1],
    ['🌞'.repeat(67), 'UCS-2', 134, 3],
  ] as const)('an SMS of "%.12s" (%s) takes %i units in %i segments', (text, encoding, units, segments) => {
    expect(smsSegments(text)).toEqual({ encoding, units, segments });
  });

  it('never shrinks when text is added', () => {
    const measures = ['characters', 'double_width', 'utf8_bytes', 'sms_segments'] as const;
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...measures), (text, measure) => {
        expect(textLength(`${text} a`, measure)).toBeGreaterThanOrEqual(textLength(text, measure));
      }),
    );
  });

  it('is counted at once, whatever the text', () => {
    const start = performance.now();
    for (const text of ['a.'.repeat(5_000), 'https://'.repeat(1_000), 'a-'.repeat(5_000), `${'a.'.repeat(2_000)}com`])
      textLength(text, 'x_weighted');
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
