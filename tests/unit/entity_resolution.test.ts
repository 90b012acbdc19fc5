import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Campaign } from '../../shared/domain/campaign.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import type { CampaignLookup, EntityKind } from '../../shared/domain/entity_resolution.ts';
import { CANDIDATES_READ, resolveCampaign, resolveEntity, SIMILAR_ENOUGH } from '../../shared/domain/entity_resolution.ts';
import { fold, withoutAccents } from '../../shared/domain/fold.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { trigramSimilarity } from '../../shared/domain/trigram_similarity.ts';

const campaign = (campaignId: string, name: string, clientName: string, startDate = '2025-11-01'): Campaign => ({
  campaignId,
  name,
  clientId: `CLI-${fold(clientName).slice(0, 3).toUpperCase()}`,
  clientName,
  status: 'active',
  startDate,
  endDate: '2026-12-31',
});

const CAMPAIGNS = [
  campaign('CMP-0001', 'Verano 2025', 'Café Tarrazú'),
  campaign('CMP-0002', 'Verano 2026', 'Café Tarrazú', '2026-01-05'),
  campaign('CMP-0003', 'Navidad 2025', 'Café Tarrazú', '2025-11-15'),
  campaign('CMP-0004', 'Navidad 2025', 'Librería Ñandú', '2025-12-01'),
  campaign('CMP-0005', 'Día de la Madre', 'Flores del Valle'),
  campaign('CMP-0006', 'Black Friday - Motos & Más', 'Motos Irazú'),
  campaign('CMP-0007', 'Lanzamiento Trail Running', 'Deportes Chirripó'),
  campaign('CMP-0008', 'Regreso a clases', 'Librería Ñandú'),
  campaign('CMP-0009', 'REGRESO A CLASES', 'Flores del Valle'),
];

/** The hub's look-up in memory: the same promises, kept by looking at everything. */
const lookupIn = (campaigns: readonly Campaign[]): CampaignLookup => ({
  byId: async (id) => campaigns.find((one) => one.campaignId === id),
  byName: async (name) => campaigns.filter((one) => withoutAccents(one.name) === withoutAccents(name)),
  similar: async (text, limit) => {
    const nearness = (one: Campaign): number => trigramSimilarity(`${one.name} ${one.clientName}`, text);
    return [...campaigns].sort((one, other) => nearness(other) - nearness(one)).slice(0, limit);
  },
});

const resolve = (asked: string, campaigns: readonly Campaign[] = CAMPAIGNS) =>
  resolveCampaign(lookupIn(campaigns), asked, deadlineIn(5_000));
const found = async (asked: string, campaigns?: readonly Campaign[]) => {
  const { campaignId, matchedBy } = await resolve(asked, campaigns);
  return `${campaignId} by ${matchedBy}`;
};
const refused = async (asked: string, campaigns?: readonly Campaign[]): Promise<ToolError> => {
  const error = await resolve(asked, campaigns).then(
    ({ campaignId }) => new Error(`found ${campaignId}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ToolError) return error;
  throw error;
};

describe('finding the campaign that is meant (T5)', () => {
  it.each([
    ['CMP-0005', 'CMP-0005 by id'],
    [' cmp-0005 ', 'CMP-0005 by id'],
    ['Verano 2025', 'CMP-0001 by name'],
    ['REGRESO A CLASES', 'CMP-0009 by name'],
    ['dia de la madre', 'CMP-0005 by name ignoring accents and case'],
    ['Día  de la\u00a0Madre', 'CMP-0005 by name'],
    ['black friday motos mas', 'CMP-0006 by name ignoring accents, case and punctuation'],
    ['Navidad 2025 de Café Tarrazú', 'CMP-0003 by name and client'],
    ['navidad 2025 libreria nandu', 'CMP-0004 by name and client'],
    ['la campaña Navidad 2025 de Ñandú', 'CMP-0004 by name and client'],
    ['trail', 'CMP-0007 by words of the name'],
    ['navidad tarrazu', 'CMP-0003 by words of the name and client'],
    ['Lanzamiento Trail Runing', 'CMP-0007 by similar name'],
    ['Dia de las Madres', 'CMP-0005 by similar name'],
  ])('finds %s', async (asked, expected) => {
    expect(await found(asked)).toBe(expected);
  });

  it('reads names however their accents are stored', async () => {
    expect(await found('Día de la Madre'.normalize('NFD'))).toBe('CMP-0005 by name');
  });

  it('hands over what is known of the campaign', async () => {
    expect(await resolve('Verano 2025')).toEqual({ ...CAMPAIGNS[0], matchedBy: 'name' });
  });

  it('names both candidates when two campaigns match equally, with what tells them apart', async () => {
    const error = await refused('Navidad 2025');
    expect(error.errorClass).toBe('ambiguous');
    expect(error.message).toBe('"Navidad 2025" matches 2 campaigns.');
    expect(error.candidates).toEqual([
      {
        campaignId: 'CMP-0004',
        name: 'Navidad 2025',
        client: 'Librería Ñandú',
        status: 'active',
        startDate: '2025-12-01',
        endDate: '2026-12-31',
      },
      {
        campaignId: 'CMP-0003',
        name: 'Navidad 2025',
        client: 'Café Tarrazú',
        status: 'active',
        startDate: '2025-11-15',
        endDate: '2026-12-31',
      },
    ]);
    expect(error.remedy).toContain('id');
  });

  it('asks back rather than take the first of several years', async () => {
    const error = await refused('verano');
    expect(error.errorClass).toBe('ambiguous');
    expect(error.candidates?.map(({ campaignId }) => campaignId)).toEqual(['CMP-0002', 'CMP-0001']);
  });

  it('asks back when only case or accents differ and neither is exact', async () => {
    expect((await refused('regreso A clases')).errorClass).toBe('ambiguous');
  });

  it('asks back when a mistyped name is near to several', async () => {
    const error = await refused('Veranos');
    expect(error.errorClass).not.toBe('internal');
    const near = [campaign('CMP-1', 'Campaña Volcán Arenal', 'A'), campaign('CMP-2', 'Campaña Volcán Arenas', 'B')];
    const mistyped = await refused('Campana Volcan Arenaz', near);
    expect(mistyped.errorClass).toBe('ambiguous');
    expect(mistyped.candidates).toHaveLength(2);
  });

  it('never takes another year for the one that was asked', async () => {
    const error = await refused('Verano 2027');
    expect(error.errorClass).toBe('not_found');
    expect(error.remedy).toContain('"Verano 2026" (CMP-0002)');
    expect(error.remedy).toContain('"Verano 2025" (CMP-0001)');
  });

  it('gives at most five nearest names when none matches, and says so when none is near', async () => {
    const many = Array.from({ length: 20 }, (_, index) => campaign(`CMP-${index}`, `Verano azul ${2000 + index}`, 'A'));
    const error = await refused('Verano rojo 1990', many);
    expect(error.errorClass).toBe('not_found');
    expect(error.remedy?.match(/CMP-/g)).toHaveLength(5);
    const far = await refused('xyzzy');
    expect(far.errorClass).toBe('not_found');
    expect(far.remedy).toContain('No name comes near');
  });

  it('shows at most eight candidates and says how many there are', async () => {
    const many = Array.from({ length: 12 }, (_, index) => campaign(`CMP-${index + 10}`, 'Navidad', `Client ${index}`));
    const error = await refused('Navidad', many);
    expect(error.candidates).toHaveLength(8);
    expect(error.message).toContain('matches 12 campaigns; 8 of them are shown');
    const flood = Array.from({ length: 60 }, (_, index) => campaign(`CMP-${index + 10}`, `Navidad ${index}`, 'A'));
    expect((await refused('Navidad', flood)).message).toContain(`${CANDIDATES_READ} or more`);
  });

  it('refuses a text that names nothing', async () => {
    for (const asked of ['', '   ', '***']) expect((await refused(asked)).errorClass).toBe('invalid_input');
    expect((await refused('de la campaña')).errorClass).toBe('not_found');
  });

  it('shortens an endless name in its message', async () => {
    expect((await refused('z'.repeat(5_000))).message.length).toBeLessThan(150);
  });

  it('finds any campaign by its id and, when no other has it, by its name without accents', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CAMPAIGNS), async (one) => {
        expect((await resolve(one.campaignId.toLowerCase())).campaignId).toBe(one.campaignId);
        const twins = CAMPAIGNS.filter((other) => fold(other.name) === fold(one.name));
        if (twins.length === 1) expect((await resolve(fold(one.name).toUpperCase())).campaignId).toBe(one.campaignId);
      }),
    );
  });

  it('decides nothing silently: whatever is asked, it is a campaign with the asked numbers or a ToolError', async () => {
    const word = fc.constantFrom('verano', 'navidad', 'de', 'café', 'tarrazú', '2025', '2026', '2027', 'black', 'día', 'x');
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
        try {
          const { name, clientName } = await resolve(words.join(' '));
          for (const year of words.filter((one) => /\d/.test(one))) expect(`${name} ${clientName}`).toContain(year);
        } catch (error) {
          expect(error).toBeInstanceOf(ToolError);
        }
      }),
    );
  });

  it('serves other kinds of entities', async () => {
    type Client = { readonly clientId: string; readonly company: string };
    const clients: readonly Client[] = [{ clientId: 'CLI-001', company: 'Café Tarrazú' }];
    const kind: EntityKind<Client> = {
      noun: 'client',
      idOf: ({ clientId }) => clientId,
      nameOf: ({ company }) => company,
      qualifierOf: () => '',
      qualifierNoun: 'city',
      describe: ({ clientId, company }) => ({ clientId, company }),
      compare: () => 0,
    };
    const lookup = { byId: async () => undefined, byName: async () => clients, similar: async () => clients };
    expect(await resolveEntity(kind, lookup, 'cafe tarrazu', deadlineIn(1_000))).toEqual({
      entity: clients[0],
      matchedBy: 'name ignoring accents and case',
    });
  });
});

describe('how names are compared', () => {
  it('folds case, accents, punctuation and spacing', () => {
    expect(fold('  Café «Ñandú» & Más—2025! ')).toBe('cafe nandu mas 2025');
    expect(fold('Straße Øst')).toBe('strasse ost');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
    );
  });

  it('measures similarity as pg_trgm does', () => {
    expect(trigramSimilarity('word', 'two words')).toBeCloseTo(0.363_636, 5); // the example in PostgreSQL's manual
    expect(trigramSimilarity('Café', 'CAFE')).toBe(1);
    expect(trigramSimilarity('', 'a')).toBe(0);
  });

  it('finds one wrong letter in a name of ten similar enough, and another word not', () => {
    expect(trigramSimilarity('primaveral', 'primaberal')).toBeGreaterThanOrEqual(SIMILAR_ENOUGH);
    expect(trigramSimilarity('primaveral', 'primogénito')).toBeLessThan(SIMILAR_ENOUGH);
  });
});
