import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PersonalData, personOf, personText, shownPerson } from '../../shared/access/personal_data.ts';

const MARIA: PersonalData = {
  firstName: 'María José',
  lastName: 'Rodríguez',
  email: 'maria.rodriguez+ofertas@example.com',
  phone: '+506 8888-1245',
  document: '1-0234-0789',
  birthDate: '1990-05-17',
};

/** Names, addresses and numbers as people have them, and as they come out of other systems. */
const name = fc.oneof(
  fc.constantFrom('M', '', ' ', 'Å', 'e\u0301lodie', '李小龙', 'محمد', 'Ганна', 'ひろし', '👩‍👩‍👧 Ana', "O'Neil", 'Ñ', '𝒜da', '-', 'İpek'),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);
const email = fc.oneof(
  fc.constantFrom(
    '',
    'a@b',
    '@',
    'a@',
    '@b.com',
    'no at sign',
    'a@b@c.org',
    'ü.ñ+tag@bücher.example',
    'j@familia.rodriguez',
    'x@com',
    'y@.com',
  ),
  fc.emailAddress(),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);
const phone = fc.oneof(
  fc.constantFrom('', '12', '+506 8888-1245', '٠١٢٣٤٥٦٧'),
  fc.stringMatching(/^\+?[\d ()-]{0,20}$/),
  fc.string({ maxLength: 20 }),
);
const document = fc.oneof(
  fc.constantFrom('', '1', '123', '123456'),
  fc.stringMatching(/^[\dA-Z-]{0,20}$/),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const person: fc.Arbitrary<PersonalData> = fc.record({
  firstName: name,
  lastName: fc.option(name),
  email,
  phone,
  document,
  birthDate: fc.option(
    fc
      .date({ min: new Date('1900-01-01'), max: new Date('2020-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
  ),
});

/** What of a masked text is not a mask. */
const shownParts = (text: string): string[] => text.split(/[• ]+/).filter((part) => part !== '');
const hasThreeOf = (shown: string, original: string): boolean =>
  shownParts(shown).some((part) =>
    Array.from({ length: Math.max(0, part.length - 2) }, (_, at) => part.slice(at, at + 3)).some((three) => original.includes(three)),
  );

describe('a person masked', () => {
  it('shows what tells two people apart in a conversation, and no more', () => {
    expect(shownPerson(MARIA, false)).toEqual({
      name: 'M•••• R••••',
      email: 'm•••@e•••.com',
      phone: '•••• ••45',
      document: '•••789',
      birthDate: '1990',
    });
  });

  it('is shown in full to who may identify people', () => {
    expect(shownPerson(MARIA, true)).toEqual({
      name: 'María José Rodríguez',
      email: MARIA.email,
      phone: MARIA.phone,
      document: MARIA.document,
      birthDate: MARIA.birthDate,
    });
  });

  it('that is a company has one name', () => {
    expect(shownPerson({ ...MARIA, firstName: 'Café Sol', lastName: null, birthDate: null }, false)).toMatchObject({
      name: 'C••••',
      birthDate: null,
    });
  });

  it.each<readonly [Partial<PersonalData>, Partial<ReturnType<typeof shownPerson>>]>([
    [{ firstName: 'X', lastName: 'Y' }, { name: 'X•••• Y••••' }],
    [{ firstName: ' ', lastName: '' }, { name: '' }],
    [{ firstName: '👩‍👩‍👧', lastName: null }, { name: '••••' }],
    [{ firstName: 'e\u0301lodie', lastName: null }, { name: 'é••••' }],
    [{ email: 'j@familia.rodriguez' }, { email: 'j•••@f•••' }],
    [{ email: 'no at sign' }, { email: 'n•••' }],
    [{ email: '@x.org' }, { email: '•••@x•••.org' }],
    [{ email: 'a@com' }, { email: 'a•••@c•••' }],
    [{ email: '"a@b"@c.org' }, { email: 'a•••@c•••.org' }],
    [{ email: '' }, { email: '' }],
    [{ phone: '12345' }, { phone: '•••• ••' }],
    [{ phone: 'none' }, { phone: '•••• ••' }],
    [{ document: '123456' }, { document: '•••' }],
    [{ document: 'AB-12-34-X' }, { document: '•••34X' }],
    [{ birthDate: '17 May 1990' }, { birthDate: null }],
  ])('%o is %o', (part, shown) => {
    expect(shownPerson({ ...MARIA, ...part }, false)).toMatchObject(shown);
  });

  it('shows no three characters in a row of a name, and of the rest only the last ones named and a common ending', () => {
    fc.assert(
      fc.property(person, (someone) => {
        const shown = shownPerson(someone, false);
        expect(hasThreeOf(shown.name, `${someone.firstName} ${someone.lastName ?? ''}`.normalize('NFC'))).toBe(false);
        expect(hasThreeOf(shown.email.replace(/\.[a-z]{2,3}$/i, ''), someone.email.normalize('NFC'))).toBe(false);
        expect(hasThreeOf(shown.phone, someone.phone)).toBe(false);
        expect(hasThreeOf(shown.document.replace(/^•••.{3}$/u, ''), someone.document)).toBe(false);
        expect(shown.birthDate === null || /^\d{4}$/.test(shown.birthDate)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has one form, whoever it is', () => {
    fc.assert(
      fc.property(person, (someone) => {
        const shown = shownPerson(someone, false);
        expect(shown.name).toMatch(/^(\p{L}?••••( \p{L}?••••)?)?$/u);
        expect(shown.email).toMatch(/^([\p{L}\p{N}]?•••(@[\p{L}\p{N}]?•••(\.[a-z]{2,3})?)?)?$/iu);
        expect(shown.phone).toMatch(/^(•••• ••(\p{Nd}{2})?)?$/u);
        expect(shown.document).toMatch(/^(•••([\p{L}\p{N}]{3})?)?$/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it('looks the same for all who share what is shown: not even a length is told', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.stringMatching(/^\d{4,12}$/), fc.nat(11), (more, digits, month) => {
        const other: PersonalData = {
          firstName: `M${more}`,
          lastName: `R${more}`,
          email: `m${more.replaceAll('@', '')}@e${digits}.com`,
          phone: `${digits}45`,
          document: `${digits}789`,
          birthDate: `1990-${String(month + 1).padStart(2, '0')}-01`,
        };
        // A first letter that an accent follows is another letter.
        fc.pre(!/^\p{M}/u.test(more));
        expect(shownPerson(other, false)).toEqual(shownPerson(MARIA, false));
      }),
    );
  });
});

describe('a person as the text that is encrypted', () => {
  it('is read back as it was', () => {
    for (const person of [MARIA, { ...MARIA, lastName: null, birthDate: null }, { ...MARIA, phone: '', email: '"\\ñ\n' }]) {
      expect(personOf(personText(person))).toEqual(person);
    }
  });

  it.each(['', '{}', '[]', '["a","b","c","d","e"]', '["a","b",null,"d","e","f"]', 'María José'])(
    'is not %j, and no error repeats it',
    (text) => {
      expect(() => personOf(text)).toThrow(/^what was encrypted is not a person$/);
    },
  );
});
