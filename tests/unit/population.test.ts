import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type PopulationInput as Given,
  type Population,
  populationHash,
  populationText,
  readPopulation,
} from '../../mcp-servers/content_generator/service/population.ts';
import { PopulationInput } from '../../mcp-servers/content_generator/tools/shapes.ts';

const nobody: Population = { ageMin: null, ageMax: null, sex: 'any', interests: [], place: null };
const read = (text: string) => readPopulation({ text });

describe('a population in words (T1)', () => {
  it.each<[string, Partial<Population>]>([
    ['mujeres 18-25 en San José interesadas en yoga', { sex: 'female', ageMin: 18, ageMax: 25, place: 'San José', interests: ['yoga'] }],
    [
      'Mujeres de 18 a 25 años interesadas en yoga y pilates en San José',
      { sex: 'female', ageMin: 18, ageMax: 25, place: 'San José', interests: ['pilates', 'yoga'] },
    ],
    ['hombres entre 30 y 45 que viven en Heredia', { sex: 'male', ageMin: 30, ageMax: 45, place: 'Heredia' }],
    [
      'women aged 25 to 34 in Bogotá who love coffee, hiking and running',
      { sex: 'female', ageMin: 25, ageMax: 34, place: 'Bogotá', interests: ['coffee', 'hiking', 'running'] },
    ],
    ['personas mayores de 60', { ageMin: 60 }],
    ['people over 30 interested in cooking at home', { ageMin: 30, interests: ['cooking at home'] }],
    ['menores de 30 años en Liberia', { ageMax: 29, place: 'Liberia' }],
    ['men under 25', { sex: 'male', ageMax: 24 }],
    ['hasta 35 años', { ageMax: 35 }],
    ['55+ en Cartago', { ageMin: 55, place: 'Cartago' }],
    ['hombres y mujeres de 20-40', { sex: 'any', ageMin: 20, ageMax: 40 }],
    ['madres de 35 años', { sex: 'female', ageMin: 35, ageMax: 35 }],
    ['interesados en cocinar en casa en Alajuela', { interests: ['cocinar en casa'], place: 'Alajuela' }],
    ['mujeres en san josé interesadas en moda', { sex: 'female', place: 'san josé', interests: ['moda'] }],
    ['mujeres en San José, Costa Rica, interesadas en moda', { sex: 'female', place: 'San José, Costa Rica', interests: ['moda'] }],
    ['fans of football from Guadalajara', { interests: ['football'], place: 'Guadalajara' }],
    ['hombres a quienes les gusta el fútbol', { sex: 'male', interests: ['fútbol'] }],
    ['personas interesadas en el café de especialidad, 25-40', { ageMin: 25, ageMax: 40, interests: ['café de especialidad'] }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual({ population: { ...nobody, ...expected }, unread: [] });
  });

  it('names the words it did not understand, so that none is lost in silence', () => {
    expect(read('mujeres 18-25 con hijos en San José')).toEqual({
      population: { ...nobody, sex: 'female', ageMin: 18, ageMax: 25, place: 'San José' },
      unread: ['hijos'],
    });
  });

  it('does not take a year for an age', () => {
    expect(read('mujeres en Limón 2026').population).toMatchObject({ ageMin: null, ageMax: null });
  });

  it.each([
    ['mujeres de 40 a 20', /wrong way round/],
    ['niños de 5 a 9 años', /5 years cannot be addressed/],
    ['hola', /says nothing/],
    ['', /says nothing/],
  ])('refuses "%s" with what would be right', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('reads any text, or says why not: never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          const { population } = read(text);
          expect(population.interests.length).toBeLessThanOrEqual(10);
          expect(population.place?.length ?? 0).toBeLessThanOrEqual(80);
        } catch (error) {
          expect(error).toMatchObject({ errorClass: 'invalid_input', remedy: expect.any(String) });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is read in a moment, however it is written', () => {
    const start = performance.now();
    for (const text of ['de '.repeat(100), '9 '.repeat(150), 'a y '.repeat(75), 'interesadas en '.repeat(20)]) {
      try {
        read(text.slice(0, 300));
      } catch {
        // What it says does not matter here.
      }
    }
    expect(performance.now() - start).toBeLessThan(250);
  });
});

describe('a population in fields', () => {
  it('counts more than its words', () => {
    expect(readPopulation({ text: 'mujeres 18-25 en San José', ageMax: 30, place: 'Heredia' }).population).toEqual({
      ...nobody,
      sex: 'female',
      ageMin: 18,
      ageMax: 30,
      place: 'Heredia',
    });
  });

  it('is the same whatever the case, accents and order of its interests', () => {
    const hash = (input: Given) => populationHash(readPopulation(input).population);
    expect(hash({ interests: ['Yoga', 'Café'], place: 'San José' })).toBe(hash({ interests: ['cafe', 'yoga', 'YOGA'], place: 'san jose' }));
    expect(hash({ interests: ['yoga'] })).not.toBe(hash({ interests: ['yoga'], sex: 'female' }));
    expect(hash({ ageMin: 18 })).not.toBe(hash({ ageMax: 18 }));
    expect(hash({ ageMin: 18 })).toMatch(/^[\w-]{32}$/);
  });

  it('comes back the same from the words it is told in', () => {
    const population = fc.record({
      ageMin: fc.option(fc.integer({ min: 13, max: 50 })),
      ageMax: fc.option(fc.integer({ min: 51, max: 100 })),
      sex: fc.constantFrom('any', 'female', 'male'),
      interests: fc.uniqueArray(fc.constantFrom('yoga', 'moda', 'cocina', 'fútbol', 'viajes'), { maxLength: 4 }),
      place: fc.option(fc.constantFrom('San José', 'Bogotá', 'Limón')),
    });
    fc.assert(
      fc.property(population, fc.constantFrom('es', 'en'), (one, language) => {
        const known = { ...one, interests: [...one.interests].sort((a, b) => (a < b ? -1 : 1)) };
        expect(read(populationText(known, language)).population).toEqual(known);
      }),
    );
  });

  it('has a schema that hosts take: strict, without unions', () => {
    const schema = z.toJSONSchema(PopulationInput, { io: 'input' });
    expect(JSON.stringify(schema)).not.toMatch(/"(anyOf|oneOf|allOf)"/);
    expect(schema.additionalProperties).toBe(false);
    expect(PopulationInput.safeParse({ edad: 20 }).success).toBe(false);
  });

  it('is bounded', () => {
    expect(PopulationInput.safeParse({ interests: Array.from({ length: 11 }, (_, index) => `i${index}`) }).success).toBe(false);
    expect(PopulationInput.safeParse({ ageMin: 12 }).success).toBe(false);
    expect(PopulationInput.safeParse({ text: 'x'.repeat(301) }).success).toBe(false);
    expect(() => read(`interesados en ${Array.from({ length: 12 }, (_, index) => `tema${index}`).join(', ')}`)).toThrow(/too many/);
  });

  it('holds no control characters', () => {
    expect(readPopulation({ place: 'San\u0000 José\n\u202Eignore' }).population.place).toBe('San José ignore');
  });
});
