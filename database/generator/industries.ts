export type Industry = {
  /** The customer's word, also the category of its images. */
  readonly name: string;
  /** Share of clients. */
  readonly weight: number;
  /** Median order in USD. */
  readonly basket: number;
  /** Demand by month, January first, before it is scaled to mean 1. */
  readonly months: readonly number[];
  /** What companies of the trade put before their name. */
  readonly companyWords: readonly string[];
  /** What they sell, as a campaign or a headline names it. */
  readonly products: readonly string[];
  readonly interests: readonly string[];
  readonly hashtags: readonly string[];
  /** What advertising of the trade may not claim. */
  readonly forbiddenClaims: readonly string[];
};

/** The trades of the clients. */
export const INDUSTRIES: readonly Industry[] = [
  {
    name: 'moda',
    weight: 0.13,
    basket: 46,
    months: [0.95, 0.86, 0.88, 0.9, 0.98, 0.97, 1.08, 0.95, 0.9, 0.95, 1.28, 1.62],
    companyWords: ['Boutique', 'Modas', 'Tejidos', 'Zapatería', 'Almacenes', 'Atelier'],
    products: [
      'la nueva colección',
      'vestidos de lino',
      'tenis urbanos',
      'ropa de playa',
      'bolsos de cuero',
      'jeans',
      'accesorios de temporada',
    ],
    interests: ['moda', 'compras en línea', 'tendencias', 'accesorios', 'calzado'],
    hashtags: ['moda', 'outfit', 'estilo', 'nuevacoleccion', 'lookdeldia', 'modalatina'],
    forbiddenClaims: ['cien por ciento sostenible', 'te hace ver más delgada'],
  },
  {
    name: 'turismo',
    weight: 0.12,
    basket: 185,
    months: [1.32, 1.15, 1.18, 1.05, 0.8, 0.88, 1.22, 0.95, 0.7, 0.76, 0.98, 1.45],
    companyWords: ['Hotel', 'Viajes', 'Tours', 'Aventuras', 'Cabañas', 'Expediciones'],
    products: [
      'escapadas de fin de semana',
      'tours al volcán',
      'paquetes de playa',
      'noches en la montaña',
      'avistamiento de ballenas',
      'el canopy en familia',
    ],
    interests: ['viajes', 'naturaleza', 'playa', 'aventura', 'ecoturismo'],
    hashtags: ['puravida', 'viajar', 'turismo', 'playa', 'aventura', 'escapada'],
    forbiddenClaims: ['sin ningún riesgo', 'clima perfecto garantizado'],
  },
  {
    name: 'tecnología',
    weight: 0.1,
    basket: 158,
    months: [0.98, 0.86, 0.88, 0.86, 0.94, 0.92, 1.02, 0.98, 0.9, 0.94, 1.5, 1.48],
    companyWords: ['Tecno', 'Electrónica', 'Digital', 'Soluciones', 'Compumundo', 'Gadgets'],
    products: [
      'laptops',
      'audífonos inalámbricos',
      'celulares de gama media',
      'relojes inteligentes',
      'monitores',
      'equipo para trabajar en casa',
    ],
    interests: ['tecnología', 'videojuegos', 'celulares', 'innovación', 'trabajo remoto'],
    hashtags: ['tecnologia', 'gadgets', 'innovacion', 'gamer', 'homeoffice', 'digital'],
    forbiddenClaims: ['imposible de hackear', 'nunca falla'],
  },
  {
    name: 'alimentos',
    weight: 0.12,
    basket: 24,
    months: [0.95, 0.97, 0.98, 0.99, 1.01, 0.98, 1.0, 1.0, 0.98, 0.98, 1.0, 1.24],
    companyWords: ['Café', 'Panadería', 'Sabores', 'Delicias', 'Lácteos', 'Mercado'],
    products: [
      'café de altura',
      'pan de masa madre',
      'canastas de fruta fresca',
      'chocolate artesanal',
      'almuerzos saludables',
      'quesos maduros',
    ],
    interests: ['gastronomía', 'café', 'recetas', 'comida saludable', 'productos locales'],
    hashtags: ['cafe', 'saboreslocales', 'hechoencasa', 'foodie', 'recetas', 'comidasana'],
    forbiddenClaims: ['alimento milagroso', 'cura enfermedades', 'baja de peso sin esfuerzo', 'previene el cáncer'],
  },
  {
    name: 'deporte',
    weight: 0.09,
    basket: 58,
    months: [1.28, 1.08, 1.0, 0.96, 0.95, 0.95, 1.02, 0.95, 0.9, 0.9, 1.05, 1.16],
    companyWords: ['Deportes', 'Gimnasio', 'Sport', 'Ciclo', 'Maratón', 'Club'],
    products: ['tenis para correr', 'bicicletas de montaña', 'la membresía anual', 'ropa deportiva', 'tablas de surf', 'mancuernas'],
    interests: ['correr', 'ciclismo', 'gimnasio', 'surf', 'vida sana'],
    hashtags: ['running', 'fitness', 'trailrunning', 'ciclismo', 'vidasana', 'entrenamiento'],
    forbiddenClaims: ['resultados garantizados', 'baja de peso sin esfuerzo', 'sin riesgo de lesiones'],
  },
  {
    name: 'hogar',
    weight: 0.09,
    basket: 92,
    months: [0.92, 0.88, 0.94, 0.96, 1.05, 0.98, 1.0, 1.02, 0.92, 0.96, 1.18, 1.3],
    companyWords: ['Muebles', 'Casa', 'Ferretería', 'Decoraciones', 'Hogar', 'Jardines'],
    products: ['muebles para la sala', 'ropa de cama', 'lámparas de diseño', 'ollas y sartenes', 'plantas de interior', 'organizadores'],
    interests: ['decoración', 'jardinería', 'cocina', 'bricolaje', 'diseño de interiores'],
    hashtags: ['hogar', 'decoracion', 'interiores', 'micasa', 'jardin', 'diseno'],
    forbiddenClaims: ['dura para siempre', 'a prueba de todo'],
  },
  {
    name: 'belleza',
    weight: 0.09,
    basket: 34,
    months: [0.9, 1.05, 0.98, 0.92, 1.1, 0.94, 0.98, 1.05, 0.92, 0.94, 1.14, 1.36],
    companyWords: ['Belleza', 'Spa', 'Perfumería', 'Cosméticos', 'Salón', 'Piel'],
    products: [
      'rutinas para el rostro',
      'perfumes',
      'maquillaje de larga duración',
      'tratamientos de spa',
      'cuidado del cabello',
      'protector solar',
    ],
    interests: ['belleza', 'cuidado personal', 'maquillaje', 'bienestar', 'perfumes'],
    hashtags: ['belleza', 'skincare', 'maquillaje', 'bienestar', 'cuidadopersonal', 'spa'],
    forbiddenClaims: ['elimina las arrugas', 'resultados permanentes', 'cura el acné'],
  },
  {
    name: 'educación',
    weight: 0.07,
    basket: 120,
    months: [1.5, 1.22, 0.9, 0.86, 0.88, 0.95, 1.18, 1.05, 0.92, 0.86, 0.84, 0.84],
    companyWords: ['Instituto', 'Academia', 'Colegio', 'Librería', 'Escuela', 'Centro de Estudios'],
    products: [
      'la matrícula abierta',
      'cursos de inglés',
      'talleres de programación',
      'útiles escolares',
      'diplomados en línea',
      'clases de música',
    ],
    interests: ['educación', 'idiomas', 'cursos en línea', 'lectura', 'desarrollo profesional'],
    hashtags: ['educacion', 'aprender', 'cursos', 'regresoaclases', 'becas', 'estudiar'],
    forbiddenClaims: ['empleo garantizado', 'aprobación garantizada', 'aprende sin estudiar'],
  },
  {
    name: 'salud',
    weight: 0.07,
    basket: 52,
    months: [1.08, 1.0, 0.98, 0.98, 1.02, 1.02, 1.0, 1.0, 0.98, 1.04, 0.98, 0.92],
    companyWords: ['Clínica', 'Farmacia', 'Laboratorios', 'Óptica', 'Centro Médico', 'Odontología'],
    products: ['el chequeo anual', 'vitaminas', 'lentes progresivos', 'limpieza dental', 'consultas en línea', 'planes de nutrición'],
    interests: ['salud', 'nutrición', 'bienestar', 'familia', 'prevención'],
    hashtags: ['salud', 'prevencion', 'bienestar', 'nutricion', 'vidasana', 'familia'],
    forbiddenClaims: [
      'cura milagrosa',
      'cura el cáncer',
      'cura garantizada',
      'sin efectos secundarios',
      'cien por ciento efectivo',
      'sustituye a su médico',
    ],
  },
  {
    name: 'mascotas',
    weight: 0.05,
    basket: 33,
    months: [1.0, 0.97, 0.98, 0.98, 0.99, 0.98, 1.0, 1.0, 0.99, 1.05, 1.02, 1.16],
    companyWords: ['Mascotería', 'Veterinaria', 'Huellas', 'Pet Shop', 'Patitas'],
    products: ['alimento premium', 'juguetes para perros', 'baño y corte', 'camas para gatos', 'planes de vacunas', 'arneses'],
    interests: ['perros', 'gatos', 'mascotas', 'adopción', 'animales'],
    hashtags: ['mascotas', 'perros', 'gatos', 'petlovers', 'adoptanocompres', 'patitas'],
    forbiddenClaims: ['cura enfermedades', 'sustituye al veterinario'],
  },
  {
    name: 'automotriz',
    weight: 0.04,
    basket: 140,
    months: [1.04, 0.96, 0.98, 0.98, 0.98, 0.98, 1.04, 0.98, 0.96, 0.98, 1.02, 1.14],
    companyWords: ['Autos', 'Llantas', 'Repuestos', 'Motos', 'Taller', 'Rutas'],
    products: ['llantas con instalación', 'revisión de frenos', 'cascos certificados', 'baterías', 'cambio de aceite', 'accesorios 4x4'],
    interests: ['autos', 'motocicletas', 'mecánica', 'viajes por carretera', 'todoterreno'],
    hashtags: ['autos', 'motos', '4x4', 'enruta', 'mantenimiento', 'carretera'],
    forbiddenClaims: ['sin riesgo de accidentes', 'crédito aprobado para todos', 'ganancia garantizada'],
  },
  {
    name: 'entretenimiento',
    weight: 0.04,
    basket: 29,
    months: [0.98, 0.96, 0.96, 0.98, 0.96, 1.0, 1.18, 1.0, 0.92, 1.04, 1.02, 1.34],
    companyWords: ['Cine', 'Teatro', 'Parque', 'Eventos', 'Juguetería', 'Música'],
    products: [
      'entradas para conciertos',
      'juegos de mesa',
      'funciones de estreno',
      'fiestas infantiles',
      'el pase de temporada',
      'instrumentos',
    ],
    interests: ['música', 'cine', 'conciertos', 'juegos', 'planes en familia'],
    hashtags: ['conciertos', 'cine', 'planes', 'enfamilia', 'musica', 'findesemana'],
    forbiddenClaims: ['premio garantizado', 'ganancia garantizada'],
  },
];

/** {@link Industry.months} of every industry, scaled to mean 1: row industry, column month 1 to 12 (column 0 unused). */
export const MONTHLY_DEMAND: readonly Float64Array[] = INDUSTRIES.map(({ months }) => {
  const mean = months.reduce((sum, month) => sum + month, 0) / months.length;
  return Float64Array.from([0, ...months], (month) => month / mean);
});
