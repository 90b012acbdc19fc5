/** What a campaign is about, as marketers name it. Months (1 to 12) are those in which such a campaign begins. */
export type Theme = {
  readonly name: string;
  readonly months: readonly number[];
  readonly weight: number;
  /** Runs for months and has no season. */
  readonly evergreen?: true;
  /** Named after the year in which it ends up: 'Verano 2026' begins in November 2025. */
  readonly nextYearFrom?: number;
  /** Two clients use the bare name, so that a question by name alone is ambiguous. */
  readonly shared?: true;
  readonly message: string;
};

export const THEMES: readonly Theme[] = [
  { name: 'Verano', months: [12, 1, 2], nextYearFrom: 11, weight: 3, message: 'El sol ya salió: que el verano te encuentre listo.' },
  { name: 'Vive el verano', months: [12, 1, 2, 3], nextYearFrom: 11, weight: 1.5, message: 'Menos horario, más verano.' },
  { name: 'Año nuevo, vida nueva', months: [12, 1], nextYearFrom: 11, weight: 2, message: 'Este año sí: empezá con el pie derecho.' },
  { name: 'Propósitos', months: [1], weight: 1.6, message: 'Un propósito a la vez, y te acompañamos en todos.' },
  { name: 'Regreso a clases', months: [1, 2, 8], weight: 2.4, message: 'Todo para volver a clases, en un solo lugar.' },
  { name: 'Liquidación de enero', months: [1], weight: 1.4, message: 'Lo que querías en diciembre, a precio de enero.' },
  {
    name: 'San Valentín',
    months: [1, 2],
    weight: 2,
    shared: true,
    message: 'Hay amores que se celebran todos los días. Hoy, un poco más.',
  },
  { name: 'Amor y amistad', months: [2, 9], weight: 1.2, message: 'Para quienes siempre están.' },
  { name: 'Día de la Mujer', months: [2, 3], weight: 1, message: 'Por todas las que abren camino.' },
  { name: 'Semana Santa', months: [3, 4], weight: 2, message: 'Unos días para parar, respirar y volver con ganas.' },
  { name: 'Temporada Verde', months: [4, 5, 6], weight: 1.8, message: 'Cuando llueve, el país se pone más lindo.' },
  { name: 'Día de la Madre', months: [4, 5, 7, 8], weight: 2.4, shared: true, message: 'Gracias, mamá, por todo lo que no se ve.' },
  { name: 'Día del Padre', months: [5, 6], weight: 1.6, message: 'Para el que siempre llega con la caja de herramientas.' },
  { name: 'Hot Sale', months: [5, 6], weight: 1.3, message: 'Cinco días de precios que no se repiten.' },
  { name: 'Vacaciones de Medio Año', months: [6, 7], weight: 2.6, message: 'Dos semanas, mil planes.' },
  { name: 'Rebajas de julio', months: [7], weight: 2.4, message: 'Julio llegó con la mitad del precio y el doble de ganas.' },
  { name: 'Julio en familia', months: [6, 7], weight: 1.6, message: 'El mejor plan es estar juntos.' },
  { name: 'Invierno de ofertas', months: [6, 7], weight: 1.2, message: 'Afuera llueve, adentro hay ofertas.' },
  { name: 'Mes Patrio', months: [8, 9], weight: 1.8, message: 'Orgullo de lo nuestro, hecho aquí.' },
  { name: 'Día del Niño', months: [8, 9], weight: 1.4, message: 'Que hoy manden ellos.' },
  { name: 'Octubre Rosa', months: [9, 10], weight: 1, message: 'Un examen a tiempo cambia la historia.' },
  { name: 'Noche de brujas', months: [10], weight: 1, message: 'Precios que asustan, de lo bueno que están.' },
  { name: 'Buen Fin', months: [10, 11], weight: 1.1, message: 'El fin de semana más esperado del año.' },
  { name: 'Black Friday', months: [10, 11], weight: 2.4, message: 'El viernes que todos esperan dura más de un viernes.' },
  { name: 'Cyber Semana', months: [11], weight: 1.6, message: 'Siete días de precios en línea.' },
  { name: 'Navidad', months: [10, 11, 12], weight: 3, message: 'Lo mejor de la Navidad no cabe en una caja.' },
  { name: 'Navidad en familia', months: [11, 12], weight: 2.4, message: 'Una mesa, tres generaciones y mucho que contar.' },
  { name: 'Aguinaldo feliz', months: [11, 12], weight: 2, message: 'Que el aguinaldo rinda, y que alcance para un gusto.' },
  { name: 'Regalos de última hora', months: [12], weight: 2, message: 'Todavía hay tiempo de quedar bien.' },
  { name: 'Fiestas de fin de año', months: [12], weight: 1.8, message: 'Brindemos por lo que viene.' },
  { name: 'Gran apertura', months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], weight: 0.5, message: 'Abrimos puertas cerca de tu casa.' },
  { name: 'Lanzamiento', months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], weight: 0.8, message: 'Llegó lo que estabas esperando.' },
  { name: 'Fin de semana de locura', months: [2, 3, 4, 5, 6, 8, 9, 10, 11], weight: 0.5, message: 'De viernes a domingo, sin excusas.' },
  { name: 'Aniversario', months: [2, 3, 4, 5, 6, 8, 9, 10], weight: 0.7, message: 'Cumplimos años y el regalo es para vos.' },
  { name: 'Siempre contigo', months: [], evergreen: true, weight: 1.5, message: 'En cada etapa, cerca de vos.' },
  { name: 'Club de beneficios', months: [], evergreen: true, weight: 1.3, message: 'Cada compra te acerca a algo mejor.' },
  {
    name: 'Envío gratis',
    months: [],
    evergreen: true,
    weight: 1.1,
    message: 'Lo pedís hoy, llega a tu puerta y el envío va por nuestra cuenta.',
  },
  { name: 'Clientes que vuelven', months: [], evergreen: true, weight: 1.2, message: 'Tenemos algo guardado para vos.' },
  { name: 'Hecho en casa', months: [], evergreen: true, weight: 0.8, message: 'Manos de aquí, calidad de siempre.' },
  { name: 'Descargá la app', months: [], evergreen: true, weight: 0.9, message: 'Todo lo nuestro, en tu bolsillo.' },
  { name: 'Más cerca de vos', months: [], evergreen: true, weight: 1, message: 'Estamos donde nos necesitás.' },
  { name: 'Recomendá y ganá', months: [], evergreen: true, weight: 0.7, message: 'Contale a una amiga y ganan las dos.' },
];

/**
 * The large campaigns of each year: the first of their name, without the client's name behind it. From one or another of them
 * the showcase is taken: whatever the month, one has run through the whole month before and still runs.
 */
export const FLAGSHIPS = [
  { theme: 'Verano', starts: { year: -1, monthDay: '11-20' }, ends: { year: 0, monthDay: '05-05' }, showcaseMonths: [1, 2, 3, 4] },
  { theme: 'Temporada Verde', starts: { year: 0, monthDay: '03-20' }, ends: { year: 0, monthDay: '07-15' }, showcaseMonths: [5, 6] },
  {
    theme: 'Vacaciones de Medio Año',
    starts: { year: 0, monthDay: '05-20' },
    ends: { year: 0, monthDay: '09-15' },
    showcaseMonths: [7, 8],
  },
  { theme: 'Mes Patrio', starts: { year: 0, monthDay: '07-20' }, ends: { year: 0, monthDay: '11-10' }, showcaseMonths: [9, 10] },
  { theme: 'Black Friday', starts: { year: 0, monthDay: '09-20' }, ends: { year: 0, monthDay: '12-08' }, showcaseMonths: [11] },
  { theme: 'Navidad', starts: { year: 0, monthDay: '10-20' }, ends: { year: 1, monthDay: '01-10' }, showcaseMonths: [12] },
] as const;
