/** Given names and surnames common in the countries served, roughly by how common they are. */
export const FEMALE_NAMES = [
  'María', 'Ana', 'Sofía', 'Valeria', 'Daniela', 'Gabriela', 'Andrea', 'Carolina', 'Laura', 'Paola', 'Camila', 'Mariana', 'Fernanda', 'Natalia', 'Adriana', 'Karla',
  'Alejandra', 'Patricia', 'Silvia', 'Marcela', 'Rebeca', 'Raquel', 'Lucía', 'Elena', 'Isabel', 'Carmen', 'Rosa', 'Ximena', 'Valentina', 'Isabella', 'Emilia', 'Jimena',
  'Melissa', 'Priscilla', 'Stephanie', 'Tatiana', 'Yessenia', 'Johanna', 'Viviana', 'Ivannia', 'Xinia', 'Roxana', 'Lorena', 'Mónica', 'Verónica', 'Claudia', 'Diana',
  'Paula', 'Juliana', 'Catalina', 'Manuela', 'Luisa', 'Guadalupe', 'Leticia', 'Yolanda', 'Teresa', 'Beatriz', 'Cecilia', 'Irene', 'Noelia', 'Pilar', 'Marta', 'Inés',
  'Rocío', 'Milagros', 'Flor', 'Dayana', 'Katherine', 'Evelyn', 'Ariana', 'Abigaíl', 'Ester', 'Noemí', 'Marisol', 'Nancy', 'Sonia', 'Olga', 'Ángela', 'Violeta', 'Renata',
] as const;

export const MALE_NAMES = [
  'José', 'Luis', 'Carlos', 'Juan', 'Diego', 'Daniel', 'Andrés', 'Jorge', 'Alejandro', 'David', 'Manuel', 'Mario', 'Óscar', 'Pablo', 'Fernando', 'Ricardo', 'Sebastián',
  'Mateo', 'Santiago', 'Gabriel', 'Esteban', 'Mauricio', 'Adrián', 'Rodrigo', 'Álvaro', 'Gustavo', 'Roberto', 'Francisco', 'Miguel', 'Rafael', 'Javier', 'Eduardo', 'Marco',
  'Kevin', 'Bryan', 'Josué', 'Randall', 'Minor', 'Allan', 'Marvin', 'Alonso', 'Felipe', 'Nicolás', 'Samuel', 'Camilo', 'Iván', 'Héctor', 'Raúl', 'Arturo', 'Enrique', 'Emilio',
  'Tomás', 'Ignacio', 'Cristóbal', 'Matías', 'Joaquín', 'Vicente', 'Hernán', 'Germán', 'Rubén', 'César', 'Julio', 'Víctor', 'Hugo', 'Edgar', 'Gerardo', 'Alberto', 'Ernesto',
  'Leonardo', 'Ángel', 'Isaac', 'Jesús', 'Ramón', 'Agustín', 'Bruno', 'Elías', 'Abraham', 'Saúl', 'Wilson', 'Freddy',
] as const;

export const SURNAMES = [
  'Rodríguez', 'Hernández', 'González', 'Jiménez', 'Vargas', 'Rojas', 'Mora', 'Ramírez', 'Castro', 'Solano', 'Araya', 'Quesada', 'Alfaro', 'Chaves', 'Brenes', 'Solís', 'Salazar',
  'Fernández', 'Sánchez', 'Pérez', 'López', 'García', 'Martínez', 'Gómez', 'Díaz', 'Torres', 'Flores', 'Rivera', 'Morales', 'Cruz', 'Ortiz', 'Gutiérrez', 'Reyes', 'Ruiz', 'Álvarez',
  'Mendoza', 'Castillo', 'Romero', 'Herrera', 'Medina', 'Aguilar', 'Vega', 'Méndez', 'Guzmán', 'Fonseca', 'Cordero', 'Villalobos', 'Zúñiga', 'Calderón', 'Barrantes', 'Monge', 'Núñez',
  'Arias', 'Campos', 'Esquivel', 'Ureña', 'Badilla', 'Elizondo', 'Sandí', 'Trejos', 'Corrales', 'Sibaja', 'Madrigal', 'Obando', 'Céspedes', 'Picado', 'Valverde', 'Ulloa', 'Segura',
  'Restrepo', 'Ospina', 'Cárdenas', 'Quintero', 'Londoño', 'Zapata', 'Giraldo', 'Ajpop', 'Xicará', 'Barrios', 'De León', 'Quispe', 'Huamán', 'Mamani', 'Chávez', 'Salinas',
  'Sepúlveda', 'Muñoz', 'Contreras', 'Fuentes', 'Araneda', 'Zambrano', 'Cevallos', 'Intriago', 'Cedeño', 'Quintanilla', 'Batista', 'Arosemena', 'Navarro', 'Serrano', 'Molina',
  'Delgado', 'Iglesias', 'Cabrera', 'Guerrero', 'Peña', 'Cortés', 'Lara', 'Domínguez', 'Santos', 'Soto', 'Acosta', 'Pineda', 'Paredes', 'Espinoza', 'Montero', 'Carvajal',
] as const;

/** First words of companies that buy. */
export const COMPANY_KINDS = [
  'Comercial', 'Distribuidora', 'Servicios', 'Inversiones', 'Grupo', 'Constructora', 'Consultores', 'Importadora', 'Agropecuaria', 'Soda', 'Restaurante', 'Transportes',
  'Ferretería', 'Multiservicios', 'Asesores', 'Taller', 'Corporación', 'Suministros',
] as const;

export const COMPANY_INDUSTRIES = [
  'comercio', 'construcción', 'servicios profesionales', 'restaurantes', 'transporte', 'agricultura', 'tecnología', 'salud', 'educación', 'manufactura', 'turismo',
] as const;
