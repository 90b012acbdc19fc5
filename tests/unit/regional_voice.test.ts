import { describe, expect, it } from 'vitest';
import { voiceFindings, voiceFor } from '../../mcp-servers/content_generator/service/regional_voice.ts';

const found = (text: string, voice: 'voseo' | 'neutral' = 'voseo') =>
  voiceFindings(text, voice).map(({ found: word, instead }) => (instead === undefined ? word : `${word} → ${instead}`));

describe('the voice of a place', () => {
  it.each([
    ['San José', 'voseo'],
    ['san jose, costa rica', 'voseo'],
    ['Provincia de Heredia', 'voseo'],
    ['Santa Ana, San José', 'voseo'],
    ['Costa Rica', 'voseo'],
    ['Escazú y Santa Ana', 'voseo'],
    ['San José y Bogotá', 'neutral'],
    ['San José, California', 'neutral'],
    ['Bogotá', 'neutral'],
    ['Santa Ana, El Salvador', 'neutral'],
  ])('%s: %s', (place, voice) => expect(voiceFor('es', place)).toBe(voice));

  it('is that of the country where no place is named', () => {
    expect(voiceFor('es', null, 'CR')).toBe('voseo');
    expect(voiceFor('es', null, 'MX')).toBe('neutral');
    expect(voiceFor('es', null)).toBe('neutral');
  });

  it('is none in English', () => {
    expect(voiceFor('en', 'San José')).toBe('english');
    expect(voiceFindings('Tú tienes', 'english')).toEqual([]);
  });
});

describe('voseo (Costa Rica)', () => {
  it.each([
    ['Si tienes poco tiempo, puedes entrenar en casa', ['tienes → tenés', 'puedes → podés']],
    ['Eres de las nuestras: este café es para ti', ['Eres → sos', 'ti → vos']],
    ['Tú decides. ¿Quieres más?', ['Tú → vos', 'quieres → querés']],
    ['Descubre el yoga que mereces', ['Descubre → descubrí', 'mereces → merecés']],
    ['¡Aprovecha hoy! Ven a vernos y haz tu reserva', ['Aprovecha → aprovechá', 'Ven → vení', 'haz → hacé']],
    ['Compra ya y ahorra', ['Compra → comprá', 'ahorra → ahorrá']],
    ['Escríbenos, cómpralo o regístrate aquí', ['Escríbenos → escribinos', 'cómpralo → compralo', 'regístrate → registrate']],
    ['Hazlo fácil: únete y síguenos', ['Hazlo → hacelo', 'únete → unite', 'síguenos → seguinos']],
    ['Contigo desde 1990', ['Contigo → con vos']],
    ['Elige, prueba el sabor y vive mejor', ['Elige → elegí', 'prueba → probá']],
    ['Cuando compras dos, llevas tres', ['compras → comprás', 'llevas → llevás']],
    ['Comprá hoy y ahorra más', ['ahorra → ahorrá']],
    ['Empieza el año: reserva tu clase y trae a una amiga', ['Empieza → empezá', 'reserva → reservá', 'trae → traé']],
    ['✨ Visita nuestra tienda', ['Visita → visitá']],
  ])('finds and names the forms of tú in "%s"', (text, expected) => {
    expect(found(text)).toEqual(expect.arrayContaining(expected.map((one) => expect.stringMatching(new RegExp(`^${one}$`, 'i')))));
  });

  it.each([
    'Si tenés poco tiempo, podés entrenar en casa. Descubrí el yoga que merecés.',
    'Escribinos, compralo o registrate aquí. Hacelo fácil: unite y seguinos.',
    'Sos de las nuestras: este café es para vos. Tu mañana empieza con tu café.',
    'Visita guiada gratis este sábado. La compra de tus sueños, y una prueba de manejo sin costo.',
    'Reciba en su casa las compras de la semana. Usted puede pagar después.',
    'Nuestro café ayuda a quien estudia y gana tiempo para su familia.',
    'Con nuestras reservas, las ofertas y las visitas son para todos.',
    'María descubre un mundo nuevo y nos cuenta su historia.',
    'Ana estudia y ahorra. Nuestra receta, siempre fresca, llega hoy y cambia las mañanas.',
    '#Descubre #TuCafé www.tienes.example',
    'Una película fantástica, un escándalo de sabor, un pétalo.',
  ])('finds nothing in "%s"', (text) => expect(found(text)).toEqual([]));

  it('says the same however the letters are composed', () => {
    expect(found('Escríbenos'.normalize('NFD'))).toEqual(['Escríbenos → escribinos']);
  });
});

describe('neutral Spanish', () => {
  it.each([
    ['Si tenés tiempo, vení. Sos vos.', ['tenés → tienes', 'vení → ven', 'Sos → eres', 'vos → tú']],
    ['Descubrí el sabor y escribinos', ['Descubrí → descubre', 'escribinos → escríbenos']],
    ['¿Buscás café? Comprá hoy', ['Buscás → buscas', 'Comprá → compra']],
    ['Vuestro café, como queréis', ['Vuestro', 'queréis']],
  ])('finds vos and vosotros in "%s"', (text, expected) => expect(found(text, 'neutral')).toEqual(expected));

  it.each([
    'Si tienes tiempo, ven y descubre el sabor. Escríbenos, cómpralo, regístrate.',
    'Reciba su pedido en casa. Usted decide a las dieciséis horas.',
    'Ayer descubrí este lugar y viví algo distinto.',
  ])('finds nothing in "%s"', (text) => expect(found(text, 'neutral')).toEqual([]));

  it('vosotros is foreign in Costa Rica too', () => expect(found('Si queréis, os esperamos')).toEqual(['queréis', 'os']));
});
