import { type History, isoInstant } from './calendar.ts';
import { type Campaign, shuffled } from './campaigns.ts';
import type { ImageDocument } from './content_documents.ts';
import { INDUSTRIES } from './industries.ts';
import { type Random, randomStream } from './random.ts';

export type Image = {
  readonly contentId: string;
  /** Index in INDUSTRIES. */
  readonly industry: number;
  readonly description: string;
  readonly hashtags: readonly string[];
  /** Day of the history it was made; negative before it. */
  readonly createdDay: number;
  readonly approved: boolean;
};

/** Images of each campaign, by the campaign's index: indexes of images. */
export type CampaignImages = readonly (readonly number[])[];

/** Ten scenes of each trade. */
const SCENES: Readonly<Record<string, readonly string[]>> = {
  moda: [
    'Mujer joven con vestido de lino blanco camina descalza a la orilla del mar',
    'Dos amigas se prueban sombreros de ala ancha y ríen en una tienda del centro',
    'Hombre con chaqueta de mezclilla se apoya en una pared de colores',
    'Primer plano de manos que atan unos tenis urbanos rojos en las gradas de un edificio',
    'Modelo gira en una azotea y la falda estampada queda suspendida en el aire',
    'Bolsos de cuero en tonos tierra ordenados sobre una mesa de madera',
    'Pareja mayor elegante cruza una calle colonial tomada del brazo',
    'Adolescentes en patineta con camisetas amplias y gorras en un parque urbano',
    'Diseñadora mide una tela verde sobre un maniquí en su taller',
    'Zapatos de tacón y accesorios dorados sobre fondo coral',
  ],
  turismo: [
    'Familia con mochilas contempla el volcán desde un mirador',
    'Pareja en kayak rema por las aguas turquesa de una laguna',
    'Grupo de amigos cruza un puente colgante entre la neblina del bosque',
    'Surfista entra al mar con la tabla bajo el brazo en una playa del Pacífico',
    'Viajera lee en una hamaca frente a una playa de arena blanca',
    'Niño observa con binóculos a un quetzal entre las ramas',
    'Piscina infinita de un hotel que se funde con el océano al atardecer',
    'Senderistas llegan a una catarata escondida en la selva',
    'Tortuga recién nacida avanza hacia las olas en una playa del Caribe',
    'Mesa servida para dos en un balcón con vista a las montañas',
  ],
  tecnología: [
    'Programador trabaja de noche frente a dos monitores en su apartamento',
    'Joven con audífonos inalámbricos espera el tren y sonríe al celular',
    'Abuela aprende a hacer una videollamada con su nieta en la sala',
    'Manos que muestran un reloj inteligente con el pulso en pantalla durante un entrenamiento',
    'Equipo de trabajo dibuja ideas en una pizarra digital',
    'Jugadora con diadema celebra una victoria de videojuegos ante la pantalla',
    'Laptop abierta junto a una taza de café y una libreta en un café del barrio',
    'Dron sobrevuela un cafetal mientras un agricultor lo guía',
    'Estudiante arma un robot pequeño con piezas de colores en el laboratorio',
    'Celular nuevo sobre fondo oscuro con destellos azules',
  ],
  alimentos: [
    'Barista vierte leche y dibuja una hoja sobre el café',
    'Pan de masa madre recién horneado, con vapor y corteza dorada, en una panadería artesanal',
    'Niña muerde una rodaja de sandía en el patio y se mancha la cara',
    'Canasta con frutas tropicales: piña, papaya, mango y pitahaya, en un puesto de mercado',
    'Cocinero esparce culantro fresco sobre un ceviche',
    'Familia comparte un desayuno con gallo pinto y tortillas en el corredor de la casa',
    'Granos de café rojo en las manos de una recolectora en una finca de altura',
    'Tabla de quesos maduros con nueces, miel y uvas',
    'Chocolate derretido cae sobre unas fresas',
    'Amigos brindan con jugos naturales de colores en una terraza con plantas',
  ],
  deporte: [
    'Corredora de montaña sube un sendero de tierra con zapatillas de trail',
    'Jóvenes corren juntos por un sendero entre árboles en las afueras de la ciudad',
    'Ciclista de montaña baja una ladera y levanta polvo',
    'Mujer hace yoga en equilibrio sobre una tabla de remo en un lago',
    'Entrenador anima a un grupo que levanta pesas rusas en el gimnasio',
    'Niños juegan fútbol descalzos en la arena',
    'Nadador sale de la piscina y se ajusta las gafas',
    'Surfista joven toma una ola al final de la tarde',
    'Pareja mayor estira las piernas en el parque antes de trotar',
    'Zapatillas de correr salpican un charco a toda velocidad',
  ],
  hogar: [
    'Sala con sofá gris, cojines mostaza y una alfombra tejida',
    'Mujer riega sus plantas de interior junto a la ventana',
    'Pareja pinta de verde la pared de su primera casa',
    'Cama con sábanas blancas, manta de lana y un libro abierto',
    'Niños construyen un fuerte con mantas y lámparas en la sala',
    'Cocina abierta con ollas de cobre colgadas y especias en frascos',
    'Abuelo arregla una silla de madera en su taller',
    'Mesa larga puesta para una cena familiar en el corredor',
    'Gato dormido en un sillón de ratán junto al jardín',
    'Estantes ordenados con canastas, libros y cerámica',
  ],
  belleza: [
    'Mujer se aplica crema en el rostro frente al espejo del baño',
    'Frascos de perfume sobre mármol con pétalos de rosa',
    'Maquillista delinea los ojos de una novia antes de la boda',
    'Hombre joven cuida su barba con aceite natural',
    'Piedras calientes sobre la espalda durante un masaje en un spa entre el bosque',
    'Primer plano de labios pintados de rojo mate',
    'Tres generaciones de mujeres comparten una mascarilla de arcilla y se ríen',
    'Estilista suelta una melena rizada y brillante en el salón',
    'Protector solar, toalla y anteojos junto a la piscina',
    'Manos que abren una hoja de sábila recién cortada en el jardín',
  ],
  educación: [
    'Niño con uniforme nuevo y mochila azul camina a la escuela',
    'Estudiantes universitarios repasan apuntes en el césped del campus',
    'Maestra señala el mapa y los alumnos levantan la mano',
    'Joven con audífonos sigue un curso en línea desde su cuarto',
    'Lápices de colores, cuadernos y tijeras sobre un pupitre',
    'Adultos practican conversación en una clase de inglés',
    'Niña mira por el microscopio con la boca abierta',
    'Graduados lanzan los birretes al aire',
    'Padre e hija forran cuadernos en la mesa del comedor',
    'Profesor de guitarra corrige la postura de su alumna',
  ],
  salud: [
    'Doctora joven escucha el corazón de un niño en el consultorio',
    'Enfermero acompaña a una señora en silla de ruedas por un pasillo iluminado',
    'Pareja prepara una ensalada de colores en la cocina',
    'Dentista muestra una radiografía y sonríe',
    'Señor mayor se prueba lentes nuevos frente al espejo de la óptica',
    'Farmacéutica explica una receta en el mostrador',
    'Madre toma la temperatura de su bebé dormido',
    'Mujer con lazo rosado abraza a su hija',
    'Paciente consulta a su médica desde la tableta, sin salir de casa',
    'Nutricionista compara dos platos con frutas y granos',
  ],
  mascotas: [
    'Perro labrador salta en el parque para atrapar un disco',
    'Gata naranja asoma la cabeza desde una caja de cartón',
    'Niña abraza a su cachorro recién adoptado en una feria',
    'Veterinario revisa las orejas de un perro pequeño',
    'Dos perros corren mojados por la orilla del mar',
    'Gatito duerme sobre el teclado de una computadora',
    'Señor pasea a tres perros de distinto tamaño por el barrio',
    'Perra con pañuelo rojo espera su premio sentada en el jardín',
    'Conejo blanco come lechuga de la mano de un niño',
    'Estilista canina seca a un caniche esponjoso',
  ],
  automotriz: [
    'Camioneta 4x4 cruza un río y levanta agua',
    'Mecánica ajusta un motor en el taller con la llave en la mano',
    'Motociclista con chaqueta negra espera en un semáforo de noche',
    'Familia carga maletas en el auto antes del viaje',
    'Llantas nuevas apiladas con reflejos de neón',
    'Auto eléctrico conectado frente a una casa moderna',
    'Manos en el volante en una curva con vista al mar',
    'Joven lava su primer carro con espuma',
    'Caravana de todoterrenos avanza por un camino de lastre entre cafetales',
    'Técnico revisa los frenos con una linterna',
  ],
  entretenimiento: [
    'Multitud levanta las manos en un concierto al aire libre',
    'Familia come palomitas y ríe en el cine',
    'Niños soplan burbujas en una fiesta de cumpleaños',
    'Músico callejero toca la marimba en la plaza',
    'Amigos juegan de mesa en casa hasta tarde',
    'Bailarines con trajes típicos giran en el escenario',
    'Montaña rusa en lo más alto, con brazos al aire',
    'Abuela y nieto arman un rompecabezas en el comedor',
    'Actriz recibe aplausos bajo la luz del teatro',
    'Fuegos artificiales sobre la plaza llena del pueblo',
  ],
};

/** How a scene was photographed: each goes with any scene. */
const LIGHTS = [
  'con luz cálida',
  'con luz natural suave',
  'en tonos pastel',
  'con colores vivos',
  'con mucho contraste',
  'con el fondo desenfocado',
  'en un ambiente alegre',
  'en un ambiente tranquilo',
  'en encuadre amplio',
  'con aire espontáneo',
] as const;

const COLORS = [
  '#e4572e',
  '#17bebb',
  '#ffc914',
  '#2e282a',
  '#76b041',
  '#f4a259',
  '#5b8e7d',
  '#bc4b51',
  '#8cb369',
  '#3d5a80',
  '#ee6c4d',
  '#f7ede2',
] as const;
const FORMATS = [
  { formato: 'jpg', ancho: 1920, alto: 1080 },
  { formato: 'jpg', ancho: 1080, alto: 1350 },
  { formato: 'png', ancho: 1080, alto: 1080 },
  { formato: 'webp', ancho: 1080, alto: 1920 },
] as const;
/** In each trade, so many images existed before the history began: no campaign is without one. */
const OLD_IMAGES = 4;

/** 120 images, ten of each trade: IMG-001 … Descriptions are different from one another. */
export function generateImages(seed: number, history: History): readonly Image[] {
  const random = randomStream(seed, 'images');
  const byTrade = INDUSTRIES.map((industry) => {
    const scenes = SCENES[industry.name] ?? [];
    const lights = shuffled(random, LIGHTS);
    return shuffled(random, scenes).map((scene, position) => ({
      description: `${scene}, ${lights[position % lights.length]}`,
      hashtags: shuffled(random, industry.hashtags).slice(0, random.between(3, 5)),
      createdDay: position < OLD_IMAGES ? -random.between(20, 300) : Math.floor((history.today - 3) * random.unit()),
      approved: position < OLD_IMAGES || random.chance(0.85),
    }));
  });
  const images: Image[] = [];
  for (let position = 0; position < 10; position++) {
    for (const [industry, trade] of byTrade.entries()) {
      const image = trade[position];
      if (image !== undefined) images.push({ contentId: `IMG-${String(images.length + 1).padStart(3, '0')}`, industry, ...image });
    }
  }
  return images;
}

/** Each campaign uses one to three approved images of its client's trade that existed when it was prepared. */
export function imagesOfCampaigns(seed: number, images: readonly Image[], campaigns: readonly Campaign[]): CampaignImages {
  const random = randomStream(seed, 'campaign images');
  return campaigns.map((campaign) => {
    const candidates = images.flatMap((image, index) =>
      image.industry === campaign.industry && image.approved && image.createdDay < campaign.start ? [index] : [],
    );
    return shuffled(random, candidates)
      .slice(0, random.between(1, 3))
      .sort((one, other) => one - other);
  });
}

/** The documents of the collection `imagenes`. */
export function imageDocuments(
  seed: number,
  history: History,
  images: readonly Image[],
  campaigns: readonly Campaign[],
  campaignImages: CampaignImages,
): readonly ImageDocument[] {
  const random = randomStream(seed, 'image documents');
  return images.map((image, index) => {
    const trade = INDUSTRIES[image.industry]?.name ?? '';
    const format = random.pick(FORMATS);
    const slug = trade.normalize('NFD').replace(/\p{M}/gu, '');
    const url = `https://media.promptsales.example/imagenes/${slug}/${image.contentId}`;
    const users = campaigns.filter((_, campaign) => campaignImages[campaign]?.includes(index));
    const lastUse = users.reduce((latest, campaign) => Math.max(latest, Math.min(campaign.start, history.today - 1)), image.createdDay);
    return {
      contentId: image.contentId,
      url_imagen: `${url}.${format.formato}`,
      url_thumbnail: `${url}_thumb.${format.formato}`,
      descripcion: image.description,
      hashtags: image.hashtags.map((tag) => `#${tag}`),
      categoria: trade,
      vector_id_pinecone: `imagenes-${image.contentId.toLowerCase()}`,
      metadata: {
        ...format,
        tamano_bytes: Math.round(random.logNormal(format.ancho * format.alto * 0.16, 0.3)),
        color_dominante: random.pick(COLORS),
        aprobado: image.approved,
        autor: authorOf(random),
      },
      campanas_asociadas: users.map((campaign) => campaign.campaignId),
      createdAt: isoInstant(history, image.createdDay, random.between(30_000, 50_000)),
      updatedAt: isoInstant(history, lastUse, random.between(50_001, 70_000)),
    };
  });
}

function authorOf(random: Random): string {
  return random.pick(['Estudio Guaria', 'Lente Tico', 'Archivo PromptSales', 'Foto Ceiba', 'Colectivo Ámbar'] as const);
}
