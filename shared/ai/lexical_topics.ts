/**
 * What people call a scene when they look for a picture, and what is seen in such scenes: written for this project from the general
 * vocabulary of image libraries, one topic a line.
 *
 *     Spanish words | English words
 *
 * A topic is called by its first word, which no other line begins with. Written as the concepts of LEXICAL_CONCEPTS are, but looser: the
 * words of a topic go together ('boda' and 'anillo'), those of a concept mean nearly the same.
 */
export const LEXICAL_TOPICS = `
verano veraniego vacaciones vacacional calor sol playa arena mar costa piscina ola olas bronceado bloqueador protector_solar sombrilla sandia helado refrescante fresco lino | summer vacation beach pool heat sunny sunscreen refreshing
mar marino marina acuatico oceano playa costa arena ola olas surf surfista tortuga delfin pez buceo orilla navegar velero lancha | sea marine aquatic ocean beach surfing diving sailing turtle coastal
deporte_acuatico acuatico kayak rema remo surf surfista nadador nadar natacion piscina tabla ola lago laguna buceo clavado olimpico | water_sport kayak surfing swimming paddle rafting diving
lujo lujoso exclusivo premium elegante hotel piscina_infinita spa perfume joyas dorado marmol resort vip cinco_estrellas | luxury exclusive premium elegant infinity five_star upscale
romance romantico romantica amor enamorados pareja novios aniversario san_valentin luna_de_miel cita_romantica dos petalos rosa atardecer velas fresas chocolate beso | romance romantic love couple anniversary valentine honeymoon date_night two kiss
boda novia novio matrimonio nupcial ceremonia anillo altar velo casarse dia_especial | wedding bride groom bridal ceremony marry ring
familia familiar hogar padres hijos papa mama padre madre hija hijo hermanos abuela abuelo nieta nieto ninos generaciones juntos en_familia parentesco carino union | family parents kids children together bonding togetherness relatives
crianza maternidad paternidad mama papa madre padre bebe hija hijo abraza carino ternura cuidar tareas | parenting motherhood fatherhood mother father baby tender nurture homework
infancia infantil ninez nino nina ninos chicos juego jugar burbujas imaginacion inocencia curiosidad travieso travesura pequenos kinder | childhood kids playful imagination innocence curiosity toddler play
tercera_edad mayor mayores anciano adulto_mayor abuelo abuela jubilacion jubilado pension envejecimiento envejecer vejez longevidad canas senor_mayor oro_de_la_vida | senior seniors elderly aging retirement retiree grandparent older golden_years
juventud joven jovenes juvenil adolescente adolescentes muchachos generacion_z universitario estudiante patineta | youth young teenagers gen_z millennials
amistad amigos amigas compas compinches pandilla camaradas panas colegas complicidad risas brindan juegan juntos salida | friendship friends buddies gang mates pals hangout
alegria feliz felicidad contento risa rie rien sonrie sonrisa diversion divertido celebra gozo carcajada entusiasmo buen_humor | joy happy happiness fun laughing smile cheerful delight
celebracion fiesta cumpleanos festejo aniversario brindis brindan fuegos_artificiales pirotecnia victoria graduados globos pastel burbujas confeti ano_nuevo fin_de_ano navidad pompas | celebration party birthday toast fireworks anniversary confetti new_year
logro exito triunfo meta victoria campeon campeona ganador ganadora medalla graduados titulo premio orgullo superacion fin_de_carrera diploma | achievement success triumph goal winner champion medal pride diploma
premio recompensa golosina galleta adiestramiento obediencia entrenar espera sentada truco | reward treat training obedience trick
noche nocturno nocturna trasnochar trasnocha madrugar desvelo desvelado estrellas luna oscuro neon vida_nocturna hasta_tarde luces | night nightlife late overnight moon stars neon lights insomnia
manana desayuno cafe amanecer despertar rutina_matutina matutino matutina madrugar espejo | morning breakfast wake_up sunrise morning_routine
rutina habito diario diaria cuidado_personal espejo bano crema aplica cepillar afeitar aseo higiene arreglarse acicalarse | routine daily habit self_care mirror bathroom hygiene grooming
lluvia lluvioso temporal invierno charco mojado paraguas tormenta agua salpican humedo | rain rainy puddle wet storm umbrella splash
frio invierno manta lana cobija abrigo acogedor calentito chimenea suave arropado | cold winter blanket wool cozy warm fireplace snug
acogedor calido hogareno rincon comodo comodidad confort sofa cojines manta cama sabanas lectura lampara hygge tejida | cozy comfortable comfort snug corner nook homey warm
relajacion relajante relajarse relax descanso descansar calma tranquilidad paz serenidad zen siesta hamaca masaje spa meditar meditacion yoga desconectarse desconexion desestresarse estres piedras_calientes | relaxation relaxing calm peace serenity zen nap massage unwind stress retreat wellness
siesta dormir duerme dormido sueno cama sabanas almohada pijama bostezo dormitorio insomnio noche | sleep nap bed dream pillow bedtime
naturaleza ecologia ecologico ecoturismo bosque selva montana volcan catarata rio quetzal ave tortuga biodiversidad conservacion medio_ambiente ambiental parque_nacional verde sostenible silvestre | nature ecology ecotourism wildlife biodiversity conservation environment national_park wilderness
sostenible sostenibilidad sustentable verde electrico energia renovable cero_emisiones ambiental limpio reciclaje reciclar planeta futuro solar | sustainable sustainability green_energy electric renewable zero_emissions eco recycling planet
especies fauna silvestre peligro extincion conservacion proteccion tortuga quetzal ave anidacion desove animal | species wildlife endangered conservation protected sanctuary
aves pajaros pajarear avistamiento quetzal binoculos ornitologia plumas ramas nido | birds birding birdwatching quetzal feathers ornithology
aventura aventurero adrenalina extremo emocion emociones riesgo montana_rusa puente_colgante kayak catarata 4x4 surf escalada rapel tirolesa canopy expedicion explorar exploracion vertigo altura alturas | adventure adventurous adrenaline extreme thrill risk explore expedition zipline heights exploration
vertigo alturas altura puente_colgante colgante mirador cima cumbre azotea alto | heights vertigo suspension hanging summit
viaje viajar turismo turista vacaciones escapada maletas equipaje aeropuerto pasaporte destino excursion mochila mochilero ruta recorrer paseo carretera hotel | travel trip tourism getaway luggage destination backpacker road_trip journey
senderismo caminata excursion trekking sendero senderistas montana mochilas bosque mirador catarata cascada salto_de_agua ruta campamento camping acampar | hiking trekking trail hikers backpacks waterfall camping
paisaje panorama panoramico vista mirador balcon montanas volcan horizonte atardecer escenico cordillera curva carretera | landscape scenery view scenic panoramic overlook vista mountain_view coastal_road
montana montanas cordillera cerro volcan ladera cumbre cima pico sierra andes sendero | mountain mountains mountain_range peak volcano summit
campo rural agro agricola agricultor agricultora campesino campesina cultivo finca cosecha siembra cafetal cafetales ganado tierra recolectora recoleccion feria_del_agricultor productor cafetalera | rural farm farmer agriculture crops harvest field coffee_farm countryside
cafe cafetera cafetal grano granos barista espuma capuchino latte finca recolectora tueste tostado aroma cafeteria | coffee barista latte cappuccino roast beans cafe
mercado feria puesto verduleria frutas verduras producto_fresco productos_frescos vendedor agricultor canasta local temporada | market farmers_market stall vendor fresh_produce produce local
comida_sana saludable nutritivo nutricion balanceado balanceada dieta ensalada frutas verduras granos vitaminas vegetariano vegano ligero light organico jugos lechuga bajar_de_peso alimentacion comer_bien | healthy_eating healthy balanced diet salad fruits vegetables vitamins vegan vegetarian organic clean_eating
postre postres dulce dulces antojo golosina azucar pastel torta chocolate fresas helado reposteria galleta derretido tentacion | dessert sweet treat craving cake chocolate strawberries sugar indulgence
panaderia reposteria harina masa pan horno horneado corteza levadura trigo amasar panadero bolleria bizcocho integral | bakery baking flour dough bread oven crust yeast wheat
pescado mariscos ceviche limon crudo atun camaron corvina cevicheria del_mar costeno | fish seafood raw lime ceviche shrimp
gourmet delicatessen picada picar entrada vino copa queso quesos maduros uvas nueces miel degustacion aperitivo tabla_de_quesos maridaje botana bocadillos | gourmet appetizer wine cheese tasting snack charcuterie pairing
merienda bocadillo refrigerio tentempie snack fruta rodaja galleta lonchera sandia | snack snacks lunchbox bite afternoon_snack
bebidas coctel cocteles coctelitos trago tragos jugo jugos batido licuado refresco bar brindis brindan salud terraza mocktail limonada | drinks cocktail cocktails smoothie juice mocktail lemonade cheers bar
tipico tipica tico tica costarricense tradicional tradicion folclor folclorico nacional patrio cultura cultural autoctono gallo_pinto marimba trajes_tipicos pueblo costumbre patrimonio identidad pura_vida latino | traditional tradition folk culture cultural heritage national costa_rican local typical latin
cocina cocinar receta gastronomia gastronomico chef restaurante culinario ollas especias sazon condimentos preparar fogon | cooking cuisine culinary chef restaurant recipe spices seasoning
mesa_familiar cena comedor almuerzo banquete invitados anfitrion reunion mesa servida puesta vajilla mantel | dinner dining feast guests host table banquet
deporte deportivo atletismo atleta competencia carrera maraton entrenamiento entrenar fitness correr corren corredora ciclista nadador futbol gimnasio rendimiento olimpico medalla partido torneo | sport athletics athlete competition race marathon training workout performance match tournament
ejercicio ejercitarse entrenar entrenamiento gimnasio fitness pesas correr corren trotar estirar estira estiramiento yoga rutina actividad_fisica sudor cardio fuerza musculo musculos vida_activa activo activa en_forma crossfit condicion_fisica levantamiento peso mancuernas | exercise workout gym fitness running jogging stretching yoga cardio strength muscle active_lifestyle active weightlifting dumbbells
atletismo correr corredora corren trotar maraton carrera running trail zapatillas pista competencia runner jogging | athletics running runner marathon race jogging track trail
pelota balon futbol partido gol cancha equipo mejenga jugar estadio porteria arco | ball football soccer match goal pitch stadium
bienestar salud_mental equilibrio mente mental cuerpo espiritu yoga meditacion respiracion armonia postura spa mindfulness calma saludable | wellness wellbeing mental_health balance mindfulness body_and_mind harmony posture
velocidad rapido veloz acelerar adrenalina carrera motor bicicleta moto polvo baja | speed fast racing race accelerate
casa hogar vivienda inmueble inmobiliaria bienes_raices mudanza estrenar hipoteca apartamento sala cocina cuarto comedor primera_casa alquiler propietarios | home house real_estate property moving apartment mortgage new_home homeowners rent
decoracion decorar interiorismo diseno_de_interiores muebles mobiliario sofa cojines alfombra estantes pintar pinta pared ambiente ambientar espacios cuadros ceramica lampara sala estilo | interior_design decor decorate furniture furnishing furnished sofa rug shelves paint styling
remodelacion remodelar renovar renovacion reforma bricolaje hazlo_tu_mismo pinta pintar pared brocha restauracion restaurar reparar arregla taller carpinteria madera herramientas manualidad manualidades martillo | renovation remodel diy restore restoration repair workshop carpentry tools handyman makeover
mobiliario mueble muebles silla sillon sofa mesa carpintero restaurar antiguedades tapizado | furniture chair armchair sofa table antiques upholstery
orden organizar organizado organizacion ordenado ordenados estantes canastas minimalismo minimalista limpio closet almacenaje guardar | order organize organized tidy minimalism declutter storage neat
jardineria jardin plantas riega regar maceta macetas follaje cultivo invernadero hojas verde huerta huerto flores interior | gardening garden plants watering pots greenery greenhouse leaves urban_jungle
imaginacion fantasia juego fuerte construir creatividad crear inventar disfraz castillo carpa cobijas casita armar | imagination fantasy pretend_play fort creativity invent castle tent
lectura leer lee libro libros novela cuento lector biblioteca literatura hamaca cama | reading book novel story reader library literature bookworm
belleza estetica cosmetica maquillaje piel cutis facial tratamiento crema labios mascarilla peinado salon skincare rejuvenecer antiedad suave glamour | beauty aesthetics cosmetics makeup skin facial treatment lips anti_aging glow glamour
cuidado_facial cutis cara rostro facial piel tratamiento crema mascarilla limpieza_facial hidratacion arrugas poros arcilla antiarrugas serum | facial skin_care face treatment cream mask moisturizing wrinkles clay serum
cabello pelo peinado peinar corte peluqueria melena rizada rizos ondulado ondulada ondas tinte champu estilista salon secar secador brillante tratamiento_capilar | hair haircut hairstyle salon curls wavy shampoo stylist hairdresser blow_dry shiny
barberia barbero barba bigote afeitar afeitado caballero masculino aceite navaja hombre | barbershop barber beard shave shaving men grooming
natural organico botanico herbal hierba hojas aceite sabila aloe planta remedio casero sin_quimicos arcilla miel ingredientes pura | natural organic botanical herbal plant_based aloe oil homemade_remedy chemical_free ingredients
fragancia aroma olor perfume aromas colonia aromaterapia esencia petalos huele oler | fragrance scent smell aroma cologne aromatherapy essence
moda ropa look estilo outfit vestido conjunto tendencia coleccion temporada pasarela vestuario prenda guardarropa street_style falda chaqueta sombreros camisetas fashionista combinacion | fashion style outfit wardrobe collection trend runway street_style lookbook streetwear
costura coser confeccion confeccionar tela telas sastre sastreria modista a_la_medida disenadora maniqui hilo aguja patronaje atelier moda_local textil emprendedora | sewing tailor tailoring fabric seamstress custom_made dressmaking bespoke designer mannequin textile
gala formal elegante etiqueta vestido_de_noche tacon tacones dorados accesorios joyas fiesta coctel alfombra_roja brillo glamour | gala formal evening elegant heels gold accessories jewelry party red_carpet
calle callejero callejera urbano urbana ciudad juvenil patineta skate grafiti tenis hip_hop gradas acera muro pared streetwear cultura_urbana citadino | street urban city skate graffiti sneakers sidewalk wall streetwear downtown
marroquineria cuero piel_curtida bolsos cartera monedero talabarteria correa artesanal hecho_a_mano | leather leather_goods handbags handcrafted wallet belt
compras comprar tienda centro_comercial mall rebajas ofertas descuento probarse prueban cliente boutique vitrina escaparate consumo temporada_de_compras | shopping shop store mall sale discount customer try_on retail window_shopping spree
artesania artesano artesanal hecho_a_mano taller manual oficio madera ceramica cuero tejida emprendimiento emprendedor emprendedora pequeno_negocio pyme local | craft handmade artisan workshop trade small_business handcrafted entrepreneur
tecnologia digital innovacion futuro futurista moderno gadget dispositivo aparato aparatos robot dron celular laptop pantalla inteligente automatizacion inteligencia_artificial app aplicacion | technology digital innovation future futuristic modern gadget device smart automation artificial_intelligence app
wearable pulsera dispositivo reloj_inteligente pulso medir ritmo_cardiaco monitoreo salud_digital pasos | wearable fitness_tracker smartwatch heart_rate tracking monitor
programacion programador informatica informatico codigo software desarrollador hacker sistemas ingeniero monitores computadora startup datos web | programming coding software developer computing engineer hacker data web it
robotica robot maquina maquinas ingenieria ciencia laboratorio arma piezas inventar construir prototipo stem experimento electronica | robotics robot machine engineering science lab build prototype stem experiment
ciencia cientifico cientifica curiosidad descubrir descubrimiento microscopio laboratorio experimento investigar investigacion biologia asombro quimica | science scientific curiosity discover discovery microscope laboratory experiment research wonder biology
volador volar vuelo dron aereo aerea sobrevuela aire altura cielo avion vista_aerea | flying flight drone aerial sky airborne
teletrabajo trabajo_remoto desde_casa freelance independiente nomada nomada_digital laptop computadora portatil coworking cafe libreta trabajar oficina_en_casa wifi flexible cualquier_lugar productividad emprender | remote_work freelance digital_nomad laptop coworking work_from_anywhere home_office productivity flexible freelancer
oficina negocio negocios empresa empresarial corporativo startup emprendimiento equipo_de_trabajo trabajo reunion colaboracion colaborar estrategia pizarra ideas creativo creativa agencia proyecto liderazgo sesion lluvia_de_ideas profesional profesionales colegas | office business company corporate startup teamwork meeting collaboration strategy whiteboard creative agency project leadership brainstorm colleagues professionals
videojuegos gamer esports consola jugadora jugador partida torneo streamer diadema campeona mando competitivo nivel | gaming gamer esports console player streamer headset tournament controller
conexion conectado conectados conectar comunicacion comunicarse distancia videollamada celular internet redes_sociales chat mensaje brecha_digital inclusion_digital llamada lejos contacto | connection connected communication video_call online social_media chat message digital_divide call long_distance keep_in_touch
telefono celular movil smartphone mensajes redes_sociales chatear llamada selfie pantalla app | phone mobile smartphone texting scrolling social_media selfie
transporte transporte_publico tren bus autobus metro estacion pasajero usuario movilidad trayecto viajero espera semaforo trafico commuter | transport public_transport train bus subway station passenger commute commuter traffic
musica musico cancion audifonos guitarra marimba concierto cantante instrumento banda ritmo melodia cuerdas escuchar en_vivo musical tocar sonido | music musician song headphones guitar concert singer instrument band rhythm strings live sound
concierto en_vivo show festival multitud fans fanaticos publico escenario estadio gira cantante masivo miles evento gente manos aplausos | concert live show festival crowd fans stage tour event audience gig thousands
teatro arte escenico escena obra actriz actor drama aplausos ovacion escenario telon estreno funcion artista artistico artistica bailarines danza espectaculo interpretacion protagonista | theater theatre drama stage play applause performance arts performer artist premiere spotlight curtain
cine pelicula peliculas film estreno palomitas butaca pantalla_grande maraton_de_series serie proyeccion ver | cinema movie movies film popcorn screening premiere
entretenimiento diversion ocio planes fin_de_semana pasatiempo pasatiempos hobby cine juegos rompecabezas parque salida entretenido tiempo_libre | entertainment fun leisure weekend hobby pastime games free_time puzzle outing
juegos juego_de_mesa juegan_de_mesa cartas dados naipes domino ajedrez rompecabezas tablero noche_de_juegos partida piezas | games board_game cards dice chess puzzle game_night
parque_de_diversiones montana_rusa feria carrusel atraccion atracciones juegos_mecanicos parque_tematico emocion gritos | amusement_park theme_park roller_coaster ride rides fair carousel attraction scream
educacion escuela colegio clases aula estudiar estudiante alumno aprender ensenanza maestra profesor universidad curso capacitacion academia formacion tareas deberes examen leccion beca becas conocimiento pedagogia | education school class classroom study student learn teacher university course training academy homework exam lesson scholarship knowledge tutoring
universidad universitario universitarios universitaria carrera campus titulo graduados birretes graduacion licenciatura facultad estudiantes diploma becas egresados | university college campus degree graduation graduates commencement diploma faculty alumni
regreso_a_clases vuelta_a_clases volver_a_clases curso_lectivo utiles utiles_escolares materiales mochila uniforme cuadernos lapices escuela pupitre forran tijeras papeleria | back_to_school school_supplies stationery backpack uniform notebooks pencils classroom_supplies
idioma idiomas ingles bilingue lengua extranjero conversacion conversar hablar practicar curso traducir acento | language languages english bilingual foreign speaking conversation practice
tareas deberes apuntes cuadernos estudiar repasan examen escolar materia ayudar ayuda comedor | homework notes notebooks study exam schoolwork help
en_linea virtual a_distancia remoto remota online internet curso_en_linea videollamada tableta telemedicina desde_casa pantalla webinar | online virtual remote distance web webinar e_learning telehealth
salud medico medica doctora doctor clinica hospital paciente consultorio enfermero tratamiento atencion_medica seguro_medico enfermedad chequeo diagnostico sanitario receta cita_medica sintomas | health medical doctor clinic hospital patient nurse healthcare treatment insurance illness checkup diagnosis symptoms appointment
prevencion prevenir chequeo control examen_medico deteccion vacuna autoexamen campana concientizacion lazo_rosado cancer seno mama tumor octubre_rosa lucha solidaridad | prevention checkup screening detection vaccine awareness campaign breast_cancer pink_ribbon tumor
pediatria pediatra pediatrico infantil nino bebe vacuna chequeo consultorio corazon doctora temperatura fiebre resfriado gripe enfermo | pediatrics pediatrician child checkup baby fever flu sick cold
dental dentista bucal muela muelas dientes odontologia odontologo caries ortodoncia sonrisa radiografia encias boca blanqueamiento | dental dentist oral teeth tooth orthodontics cavity smile gums whitening
vista vision visual ocular ojos lentes anteojos optica oculista optometrista miopia graduados gafas leer | vision eyesight eye optical glasses optometrist eyewear lenses
farmacia medicamentos medicinas pastillas farmaceutica receta mostrador botica boticario drogueria remedios dosis jarabe | pharmacy medicine pills pharmacist drugstore prescription medication dose
cuidado_de_mayores asistencia apoyo acompanar acompana enfermero silla_de_ruedas movilidad_reducida accesibilidad inclusion discapacidad cuidador rehabilitacion ayuda geriatrico | elderly_care assistance support caregiver wheelchair accessibility inclusion disability rehabilitation care_home nursing
nutricion nutricionista dieta alimentacion balanceada balanceado platos frutas experta asesoria comer porciones caloria calorias plan_alimenticio | nutrition nutritionist diet balanced portions calories meal_plan dietician advice
mascota mascotas perro perra gato gata gatito cachorro caniche conejo labrador peludo peludos peludito animal animalito patitas amigo_fiel hocico cola canes canino felino domestico | pet pets dog cat kitten puppy rabbit poodle furry paws companion domestic animal_lover
adopcion adoptar adoptado rescate rescatado refugio albergue hogar_temporal cachorro abandonado callejero segunda_oportunidad nuevo_hogar | adoption adopt rescue rescued shelter foster puppy stray second_chance forever_home
veterinaria veterinario clinica_veterinaria clinica animales perro revisa vacuna desparasitar orejas consulta chequeo | veterinary vet animal_clinic dog checkup ears
peluqueria_canina estetica_canina caniche esponjoso seca bano corte pelaje estilista_canina grooming | pet_grooming groomer poodle fluffy dog_salon
paseador pasea paseo correa vecindad vecindario barrio caminata perros canes parque calles | dog_walker walk leash neighborhood stroll walking_dogs
alimentar come comiendo dar_de_comer croquetas lechuga zanahoria hambre mano | feed feeding fed eating lettuce hungry hand_feeding
auto carro vehiculo coche automovil automotriz camioneta 4x4 todoterrenos moto motor llantas volante conducir manejar taller carretera concesionario rodar ruedas | car vehicle auto automotive truck suv motorcycle engine tires driving dealership wheels
taller_mecanico mecanico mecanica motor frenos reparar reparando reparacion mantenimiento llave herramienta llantas repuestos revision aceite tecnico ajusta revisa falla averia | mechanic garage repair maintenance engine brakes tires spare_parts service inspection wrench breakdown
seguridad seguridad_vial frenos casco cinturon prevencion semaforo prudencia revisa revision proteccion precaucion | safety road_safety brakes helmet seatbelt inspection precaution
empoderamiento mujer_trabajadora igualdad genero oficio mecanica mujeres lideresa feminismo pionera programadora cientifica | empowerment women_at_work equality gender female women_in_stem
todoterreno off_road 4x4 barro lodo lastre camino terreno rio expedicion aventura caravana convoy rustico offroad travesia rural | offroad off_road 4x4 mud dirt terrain river expedition convoy rugged
limpieza limpiar lavar lava lavado jabon espuma enjuagar brillo brillante encerar detallado manguera aseo impecable | cleaning clean wash washing soap foam rinse shine detailing spotless
conducir manejar volante carretera curva ruta autopista viaje_por_carretera conductor chofer licencia manos | driving drive road steering highway road_trip driver curve route
motociclismo moto motocicleta motociclista casco motero biker chaqueta_negra semaforo dos_ruedas | motorcycle motorbike biker rider helmet two_wheels
ciclismo bici bicicleta ciclista pedal pedalear mtb casco ruta dos_ruedas ladera polvo | cycling bike bicycle cyclist pedal mtb two_wheels
solidaridad apoyo ayuda ayudar acompanar voluntario voluntariado comunidad abraza lucha esperanza fuerza juntos donacion | solidarity support help volunteer community hug hope strength charity donation
oficio oficios trabajo trabajador profesion empleo profesional mecanica carpintero panadero agricultor sastre barbero artesano | trade job worker profession occupation skilled craftsman
patio jardin terraza corredor balcon azotea aire_libre exterior exteriores parrillada picnic | patio garden terrace porch balcony rooftop outdoors outdoor_living barbecue picnic
ciudad urbano urbana calle centro plaza azotea edificio gradas semaforo trafico metropolis barrio | city urban street downtown plaza rooftop building traffic neighborhood
pueblo plaza parque_central iglesia fiesta_patronal vecinos comunidad feria colonial marimba | town village square plaza neighbors community colonial
nuevo nueva estreno estrenar lanzamiento primer primera recien novedad inauguracion reciente | new brand_new launch first novelty release
`;
