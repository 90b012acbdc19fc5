/**
 * Words of marketing and of pictures that mean nearly the same, Spanish and English: written for this project, one concept a line.
 *
 *     Spanish words | English words > wider concepts
 *
 * A concept is called by its first word. Words of an expression are joined by _. Accents are left out, as the texts are read without
 * them. A word may stand in several lines. It is a list of common words, not a thesaurus: what it does not hold is found by letters only.
 */
export const LEXICAL_CONCEPTS = `
mujer senora dama chica muchacha femenina | woman women lady girl female > persona
hombre senor caballero masculino chico | man men male gentleman guy > persona
persona gente individuo | person people human
nino nina infantil chiquillo chiquito chiquita pequeno ninez | child kid children boy girl childhood > persona
bebe infante nacido | baby infant newborn toddler > nino
adolescente joven muchacho muchacha juvenil chico chica quinceanero | teen teenager young youth youngster > persona
adulto | adult grown_up > persona
mayor anciano viejo tercera_edad jubilado | elderly senior old aged retired > persona
abuelo abuela abuelos abuelita | grandparent grandfather grandmother grandma grandpa granny > mayor familia
nieto nieta nietos | grandchild grandson granddaughter > familia nino
familia familiar pariente hogareno | family relatives > persona
padre papa papas padres | father dad parent parents > familia
madre mama mamas | mother mom mum > familia mujer
hijo hija hijos | son daughter > familia
hermano hermana gemelo | brother sister sibling twin > familia
pareja novios enamorados esposos matrimonio casados conyuges romantica | couple lovers spouses husband wife romantic partner > persona
novia novio boda matrimonio nupcial casamiento recien_casados | bride groom wedding bridal newlywed marriage
amigo amiga amistad companero compa camarada | friend friends friendship buddy mate > persona
grupo equipo cuadrilla reunion | group team crew gathering
multitud publico masivo gentio muchedumbre espectadores | crowd audience mass public spectators
generacion generaciones | generation
vecino barrio vecindario | neighbor neighborhood

manos mano dedos muneca | hand hands fingers wrist > cuerpo
cara rostro facial | face facial > cuerpo
ojo ojos mirada | eye eyes gaze > cuerpo
labio labios boca | lip lips mouth > cuerpo
cabello pelo melena cabellera crespo rizado rizos | hair curly curls hairdo > cuerpo
barba bigote vello | beard mustache facial_hair > cuerpo
espalda hombro | back shoulder > cuerpo
pierna piernas pie pies | leg legs foot feet > cuerpo
brazo brazos | arm arms > cuerpo
oreja orejas oido | ear ears > cuerpo
piel cutis dermis | skin skincare > cuerpo belleza
cabeza | head > cuerpo
corazon cardiaco pulso pulsaciones latido | heart heartbeat pulse heart_rate cardiac
cuerpo corporal | body
descalzo descalza descalzos sin_zapatos | barefoot shoeless

ropa vestimenta prenda vestuario confeccion atuendo | clothes clothing garment outfit apparel wear > moda
moda tendencia estilo boutique | fashion style trend stylish
vestido | dress gown > ropa
falda | skirt > ropa
chaqueta abrigo saco campera | jacket coat > ropa
mezclilla jeans denim vaquero | denim jeans > ropa
camiseta camisa blusa | shirt tshirt t_shirt blouse > ropa
uniforme | uniform > ropa
traje trajes disfraz | costume suit > ropa
gorra sombrero gorro | hat cap hats > ropa
zapato zapatos calzado tacon tacones sandalia | shoe shoes footwear heels high_heels > ropa
tenis zapatilla zapatillas calzado cordones deportivas | sneaker sneakers trainers running_shoes running_shoe shoe shoes laces > zapato
bolso bolsa cartera bolsos | bag handbag purse bags > accesorio
mochila morral | backpack rucksack schoolbag > accesorio
maleta maletas equipaje | suitcase luggage baggage > viaje
accesorio accesorios joya joyas bisuteria | accessory accessories jewelry jewel
lentes anteojos gafas espejuelos | glasses eyeglasses goggles sunglasses > accesorio
reloj | watch clock > accesorio
panuelo bufanda | scarf bandana handkerchief > accesorio
lazo cinta mono | ribbon bow
diadema audifonos auriculares cascos | headset headphones earphones earbuds
lino algodon tela tejido seda | linen cotton fabric cloth textile silk
cuero piel | leather
lana | wool woolen
elegante elegancia bien_vestido fino lujo lujoso | elegant elegance luxury well_dressed classy
estampado estampada | print printed pattern
modelo pasarela | model runway > moda
disenador disenadora modista sastre costurera | designer tailor dressmaker seamstress > moda
taller | workshop garage atelier
maniqui | mannequin

rojo roja carmesi escarlata rojizo | red crimson scarlet > color
azul celeste turquesa | blue turquoise teal > color
verde | green > color
amarillo mostaza | yellow mustard > color
naranja anaranjado coral | orange coral > color
rosado rosa rosada | pink rose > color
blanco blanca claro clara | white > color
negro negra oscuro | black dark > color
gris | gray grey > color
dorado dorada oro | golden gold > color
plateado plata | silver > color
cafe marron tierra castano | brown earth earthy > color
cobre | copper
morado violeta lila | purple violet > color
color colores colorido multicolor | color colour colorful colored
pastel | pastel
brillante reluciente brillo destello destellos | shiny bright glossy sparkle sparkles gleaming
mate | matte
neon | neon
luz iluminado luminoso iluminacion | light lit lighting luminous
calido calida tibio | warm cozy
suave | soft gentle smooth
contraste | contrast
desenfocado borroso | blurred blur bokeh
encuadre amplio panoramica | wide wide_shot panoramic
primer_plano acercamiento detalle | close_up closeup macro detail
espontaneo natural | candid natural spontaneous
fondo | background backdrop
alegre feliz felicidad alegria divertido diversion contento | happy joy cheerful fun joyful
tranquilo calma paz sereno relajante relajado relax | calm quiet peaceful relaxing relaxed serene
rie rien risa reir sonrie sonrisa carcajada | laugh laughing smile smiling laughter

mar oceano marino costa costero marina | sea ocean marine seaside coast > agua
playa costa orilla arena litoral | beach shore sand coast seashore > mar
ola olas oleaje | wave waves surf > mar
lago laguna | lake lagoon > agua
rio arroyo | river stream creek > agua
catarata cascada salto | waterfall falls cascade > agua
agua acuatico | water aquatic
piscina alberca | pool swimming_pool > agua
charco lluvia mojado mojados lluvioso lodo | puddle rain wet rainy mud > agua
volcan crater | volcano crater volcanic > montana
montana cerro cerros ladera altura | mountain mountains hill slope peak highland > naturaleza
bosque selva jungla arboles arbol | forest jungle woods rainforest tree trees > naturaleza
neblina niebla bruma | fog mist cloud foggy
sendero camino trillo vereda lastre | path trail track road
naturaleza natural ecologico aire_libre | nature natural outdoors outdoor
sol soleado | sun sunny sunshine
atardecer ocaso puesta_de_sol crepusculo | sunset dusk golden_hour
noche nocturno nocturna desvelado | night nighttime evening
manana amanecer madrugada | morning sunrise dawn
verano veraniego vacaciones | summer vacation holidays
lluvia tormenta | rain storm
cielo aire volar | sky air flying
flor flores petalo petalos rosa | flower flowers petal petals rose
planta plantas mata matas follaje | plant plants houseplant foliage > naturaleza
jardin patio cesped zacate | garden yard backyard lawn grass
hoja hojas rama ramas | leaf leaves branch
sabila aloe | aloe aloe_vera > planta
piedra piedras roca | stone stones rock
polvo | dust dusty
espuma burbuja burbujas | foam bubble bubbles suds
mirador vista panorama paisaje balcon | viewpoint view lookout landscape scenery balcony overlook
azotea terraza techo | rooftop terrace roof
parque plaza | park square plaza
puente | bridge
calle callejero acera gradas | street sidewalk road stairs
ciudad urbano urbana | city urban town downtown
pueblo rural campo | village town countryside rural
colonial antiguo antigua historico | colonial old historic ancient
edificio | building
tienda comercio boutique compras comprar | store shop shopping boutique retail
mercado feria puesto | market fair stall
hotel hospedaje resort | hotel resort lodging > viaje
viaje viajar viajero viajera turismo turista excursion paseo | travel trip traveler tourism tourist journey tour
senderista senderistas caminante excursionista excursionistas caminata | hiker hikers hiking trekker > viaje deporte
aventura extremo extrema adrenalina | adventure extreme adrenaline thrill
hamaca | hammock > descanso
descanso descansar relajarse acostado reposo | rest resting relax lying
kayak bote canoa remar rema lancha remo | kayak kayaking boat canoe rowing paddle paddling
tabla | board
tren estacion | train station
caribe caribeno | caribbean
pacifico | pacific
tropical tropicales | tropical

animal animales fauna | animal animals wildlife
mascota mascotas | pet pets > animal
perro perra perros canino canina perrito can labrador | dog dogs canine labrador > mascota
cachorro perrito cachorrito | puppy pup > perro
caniche | poodle > perro
gato gata gatos minino michi felino | cat cats feline kitty > mascota
gatito | kitten > gato
conejo | rabbit bunny > animal
tortuga | turtle tortoise > animal
quetzal ave pajaro pajaros aves | bird birds quetzal birdwatching > animal
cria recien_nacida recien_nacido | baby hatchling newborn cub
adoptado adopcion adoptar rescatado | adopted adoption adopt rescue
veterinario veterinaria | vet veterinarian > mascota medico
caballo vaca | horse cow > animal
binoculos binoculares avistamiento observa | binoculars watching birdwatching spotting

comida alimento alimentos gastronomia platillo plato platos | food meal dish cuisine plate plates
comer come comen comiendo muerde morder saborear | eat eating bite biting chew > comida
desayuno | breakfast > comida
almuerzo cena cenar | lunch dinner supper dining > comida
pan panaderia hogaza panadero horneado horno | bread bakery loaf baked baker oven sourdough > comida
masa_madre | sourdough > pan
cafe capuchino espresso cafeteria latte | coffee cappuccino espresso latte coffee_shop cafe > bebida
cafetal finca cafetales plantacion | coffee_plantation plantation farm coffee_farm
cosecha recolectora recolector cosechar recoger | harvest picker picking harvesting
grano granos cereza | bean beans grain grains coffee_beans cherry
barista | barista > cafe
taza | cup mug
leche lacteo lacteos | milk dairy > bebida
queso quesos lacteos | cheese cheeses > comida
miel | honey > comida
nuez nueces | nut nuts walnut
uva uvas | grape grapes > fruta
fruta frutas frutal | fruit fruits > comida
sandia | watermelon melon > fruta
pina papaya mango pitahaya | pineapple papaya mango > fruta
fresa fresas | strawberry strawberries > fruta
chocolate cacao | chocolate cocoa > dulce
dulce postre reposteria | sweet dessert candy > comida
ceviche marisco mariscos pescado | ceviche seafood fish > comida
culantro hierba hierbas especias cilantro | cilantro coriander herb herbs spices
gallo_pinto tortilla tortillas tipica tipico | tortilla tortillas rice_and_beans traditional_food
ensalada verdura verduras lechuga vegetales | salad vegetable vegetables lettuce greens > comida
bebida bebidas jugo jugos refresco trago | drink drinks juice juices beverage
brindan brindar brindis | toast toasting cheers
palomitas | popcorn
cocina cocinar cocinero chef | kitchen cook cooking chef
olla ollas sarten | pot pots pan pans
canasta cesta | basket baskets
frasco frascos botella envase | bottle bottles jar jars flask
rodaja tajada porcion | slice piece
vapor | steam
saludable sano sana nutricion nutritivo dieta | healthy nutrition nutritious diet
nutricionista nutriologa dietista | nutritionist dietitian > medico
artesanal artesano hecho_a_mano | handmade artisan craft

deporte deportivo deportista atleta | sport sports athlete athletic
correr corre corren corredora corredor trotar trote trotando | run running runner jog jogging jogger > deporte
trail | trail trail_running
bicicleta ciclista ciclismo bici | bicycle bike biker cyclist cycling biking > deporte
baja descenso bajar desciende | downhill descent down descending
sube subir escalar asciende | climb climbing up uphill ascending
surf surfista surfear | surf surfer surfing > deporte mar
nadador nadadora nadar natacion | swimmer swim swimming > deporte piscina
futbol balon pelota pateando | soccer football ball kicking > deporte
yoga meditacion | yoga meditation > deporte
equilibrio | balance
gimnasio pesas fitness ejercicio entrenamiento entrenar | gym fitness weights workout exercise training kettlebell kettlebells > deporte
entrenador entrenadora instructor | coach trainer instructor
anima motiva animar | encourage cheer motivate
estira estiramiento calentando calentar calentamiento | stretch stretching warm_up
patineta skater skate patinar | skateboard skateboarder skateboarding skate > deporte
salta salto saltar | jump jumping leap
velocidad rapido veloz | speed fast quick

casa hogar vivienda | home house household
apartamento departamento | apartment flat
sala | living_room lounge
sofa sillon silla mueble muebles asiento | sofa couch armchair chair furniture > casa
cojin cojines almohada | cushion cushions pillow
alfombra | rug carpet
manta mantas cobija cobijas frazada | blanket blankets
cama dormitorio habitacion cuarto recamara sabanas ropa_de_cama | bed bedroom sheets room bedding
mesa escritorio pupitre | table desk
mesa_puesta cena mesa_larga servida puesta | set_table dinner_table served
comedor | dining_room
pared | wall
ventana | window
bano | bathroom
espejo | mirror
pinta pintar pintura brocha pintando | paint painting brush
remodelar remodelando renovar decorar decoracion | remodel renovate decorate decoration decor
arregla reparar reparando repara arreglar ajusta | fix fixing repair repairing mend adjust adjusting
carpintero carpinteria madera | carpenter carpentry wood wooden
riega regar | water watering
estante estantes repisa organizado ordenado ordenados | shelf shelves organized tidy
ceramica | ceramics pottery
lampara lamparas linterna | lamp lamps flashlight torch
fuerte casita | fort den
raton mimbre ratan | wicker rattan
caja | box
carton | cardboard
dormir duerme dormido durmiendo | sleep sleeping asleep nap

belleza cosmetica cosmetico | beauty cosmetics cosmetic
maquillaje maquillista maquillar pintados delinea | makeup make_up cosmetic eyeliner > belleza
crema hidratante | cream moisturizer lotion > belleza
perfume fragancia aroma | perfume fragrance scent > belleza
mascarilla arcilla | mask clay face_mask > belleza
spa masaje terapia | spa massage therapy > descanso
peluquera peluqueria estilista salon | hairdresser salon stylist barber grooming groomer
protector_solar bloqueador | sunscreen sunblock
toalla | towel
aceite | oil
marmol | marble

escuela colegio escolar | school
clase clases aula leccion curso | class lesson classroom course
estudiante alumno alumna alumnos estudiar universitario universitarios | student pupil study students college
maestra maestro profesor profesora docente | teacher professor tutor
graduado graduados graduacion birrete birretes | graduate graduates graduation mortarboard
educacion aprender aprende estudio ensenanza | education learn learning
en_linea internet distancia virtual | online internet remote virtual
cuaderno cuadernos libreta apuntes | notebook notebooks notes
lapiz lapices tijeras utiles | pencil pencils scissors supplies crayons
mapa geografia | map geography
ingles idioma conversacion | english language conversation
microscopio ciencia cientifica laboratorio | microscope science scientist lab laboratory
libro libros lectura lee leer | book books reading read
guitarra | guitar > musica
campus universidad | campus university college
regreso_a_clases primer_dia | back_to_school first_day

salud sanitario bienestar | health healthcare wellness
medico medica doctor doctora pediatra consultorio clinica | doctor physician pediatrician clinic medical > salud
enfermero enfermera hospital | nurse hospital > salud
paciente | patient > salud
silla_de_ruedas discapacidad | wheelchair disability
dentista dental odontologo dientes | dentist dental teeth > salud
radiografia | xray x_ray radiograph
optica oftalmologo vista | optician optometry eye_exam
farmacia farmaceutica farmaceutico | pharmacy pharmacist > salud
receta medicamento medicina remedio | prescription medicine medication drug
fiebre temperatura termometro | fever temperature thermometer > salud
cancer mama lazo_rosado | cancer breast pink_ribbon > salud
cita consulta telemedicina | appointment consultation telemedicine telehealth
examina revisa revisar examinando chequeo | examine check checkup checking exam
escucha escuchar escuchando oye | listen listening hear
abraza abrazo abrazar | hug hugging embrace
cuidar cuida cuidado cuidando | care caring

tecnologia tecnologico digital gadget | technology tech digital gadget
computadora computador laptop portatil compu pc ordenador | computer laptop notebook pc > tecnologia
teclado | keyboard > computadora
pantalla monitor monitores pantallas | screen monitor monitors display > tecnologia
celular telefono movil smartphone | phone smartphone cellphone mobile > tecnologia
tableta | tablet > tecnologia
programador desarrollador software codigo programar | programmer developer software coder code coding > tecnologia
trabajo trabaja oficina teletrabajo empleo trabajar laboral | work working office remote_work job
videollamada videoconferencia | video_call videocall video_chat video_conference
inalambrico inalambricos | wireless bluetooth
inteligente | smart intelligent
reloj_inteligente | smartwatch smart_watch fitness_tracker
dron drones | drone drones > tecnologia
robot robotica | robot robotics > tecnologia
videojuego videojuegos gamer jugadora jugador gaming | video_game gamer gaming videogame player
victoria gana ganar triunfo celebra celebrar celebrando | victory win winning celebrate celebrating celebration
idea ideas lluvia_de_ideas creatividad | idea ideas brainstorm brainstorming creativity
pizarra | whiteboard board blackboard
agricultor agricultura campesino finca | farmer agriculture farming farm
nuevo nueva lanzamiento estreno reciente | new launch brand_new release

auto carro coche vehiculo automovil | car auto automobile vehicle
camioneta 4x4 todoterreno todo_terreno todoterrenos | pickup truck suv offroad off_road 4x4 > auto
moto motocicleta motociclista motociclismo | motorcycle motorbike motorcyclist biker > auto
llanta llantas neumatico rueda | tire tires tyre wheel > auto
motor mecanico mecanica | engine motor mechanic > auto
freno frenos | brake brakes > auto
volante conducir manejar maneja conductor | steering_wheel driving drive driver > auto
semaforo | traffic_light stoplight
electrico electrica recarga energia enchufe conectado | electric charging charge plug energy
caravana convoy fila | caravan convoy row
lava lavar limpieza limpia | wash washing clean cleaning
curva carretera ruta | curve road highway route bend
cruza cruzar atraviesa atravesando | cross crossing
carga cargar | load loading carry pack packing
tecnico | technician

entretenimiento ocio espectaculo show | entertainment leisure show
musica musico musical cancion melodia | music musician musical song
concierto recital festival | concert gig festival > musica
marimba | marimba xylophone > musica
cine pelicula | cinema movie movies film theater
teatro actriz actor escenario obra | theater theatre actress actor stage play
aplauso aplausos ovacion | applause clapping ovation
baile bailar bailarin bailarines danza folclorico tradicional tradicion | dance dancing dancer dancers folk traditional
fiesta celebracion festejo | party celebration festivity
cumpleanos | birthday > fiesta
fuegos_artificiales pirotecnia polvora | fireworks pyrotechnics
montana_rusa parque_de_diversiones | roller_coaster rollercoaster amusement_park theme_park
juego jugar juegan jugando | game play playing
juegos_de_mesa juegan_de_mesa juego_de_mesa | board_game board_games tabletop
rompecabezas | puzzle jigsaw
disco frisbee | frisbee disc
gira giran girar vuelta | spin spinning twirl turn
espera esperar esperando | wait waiting
camina caminar caminando pasea paseando pasear andar | walk walking stroll strolling
mira mirar mirando viendo ver contempla observar | look looking watch watching see
muestra mostrar ensena | show showing
prueban probar prueba | try trying try_on
levanta alza levantar | raise raising raised lift lifting
lanza lanzan tirar | throw throwing toss
sienta sentado sentada | sit sitting seated
abre abrir abierta abierto | open opening
construye construyen armar arma arman construir | build building assemble
atrapar atrapa | catch catching
salpica salpican | splash splashing
apoya apoyado | lean leaning
llegan llegar | reach arrive arriving
`;
