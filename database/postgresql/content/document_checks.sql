-- PromptContent on PostgreSQL: what a document must be. Made by scripts/content_rules.ts from shared/sources/content_documents.ts.
-- After constraints.sql; may be run again at any time. Documents from before these rules stay, and must be right when they are next written.
-- No condition may raise an error whatever the value is, hence CASE before all that wants a type; null is no.

CREATE OR REPLACE FUNCTION content.is_text(value jsonb, shortest integer, longest integer, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(value) = 'string'
              THEN (shortest IS NULL OR length(value #>> '{}') >= shortest) AND (longest IS NULL OR length(value #>> '{}') <= longest)
                   AND (pattern IS NULL OR (value #>> '{}') ~ pattern) END
$$;

CREATE OR REPLACE FUNCTION content.is_number(value jsonb, whole boolean, lowest numeric, highest numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(value) = 'number'
              THEN (NOT whole OR value::numeric % 1 = 0) AND (lowest IS NULL OR value::numeric >= lowest) AND (highest IS NULL OR value::numeric <= highest) END
$$;

CREATE OR REPLACE FUNCTION content.is_time(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT content.is_text(value, NULL, NULL, '^(?:(?:[0-9][0-9][2468][048]|[0-9][0-9][13579][26]|[0-9][0-9]0[48]|[02468][048]00|[13579][26]00)-02-29|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|(?:02)-(?:0[1-9]|1[0-9]|2[0-8])))T(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|([+-](?:[01][0-9]|2[0-3]):[0-5][0-9])))$')
$$;

CREATE OR REPLACE FUNCTION content.takes_imagenes(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'contentId' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'contentId'), 1, 500, NULL)
    AND content.is_text((document -> 'url_imagen'), NULL, 2048, '^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][^ \t\r\n<>"''`\\]*)?$')
    AND content.is_text((document -> 'url_thumbnail'), NULL, 2048, '^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][^ \t\r\n<>"''`\\]*)?$')
    AND content.is_text((document -> 'descripcion'), 1, 5000, '^[^<]*(?:<(?![A-Za-z/!?])[^<]*)*$')
    AND CASE WHEN jsonb_typeof((document -> 'hashtags')) = 'array' THEN
        jsonb_array_length((document -> 'hashtags')) <= 100
        AND NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'hashtags')) e6 WHERE (content.is_text(e6, NULL, 150, '^[^<]*(?:<(?![A-Za-z/!?])[^<]*)*$')) IS NOT TRUE) END
    AND content.is_text((document -> 'categoria'), 1, 500, '^[^<]*(?:<(?![A-Za-z/!?])[^<]*)*$')
    AND (document -> 'vector_id_pinecone' IS NULL OR (content.is_text((document -> 'vector_id_pinecone'), 1, 500, NULL) OR jsonb_typeof((document -> 'vector_id_pinecone')) = 'null'))
    AND CASE WHEN jsonb_typeof((document -> 'metadata')) = 'object' THEN
        content.is_text(((document -> 'metadata') -> 'formato'), 1, 500, NULL)
        AND jsonb_typeof(((document -> 'metadata') -> 'aprobado')) = 'boolean' END
    AND CASE WHEN jsonb_typeof((document -> 'campanas_asociadas')) = 'array' THEN
        jsonb_array_length((document -> 'campanas_asociadas')) <= 10000
        AND NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'campanas_asociadas')) e6 WHERE (content.is_text(e6, 1, 500, NULL)) IS NOT TRUE) END
    AND content.is_time((document -> 'createdAt'))
    AND content.is_time((document -> 'updatedAt')) END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.imagenes'::regclass AND conname = 'imagenes_document') THEN
    ALTER TABLE content.imagenes ADD CONSTRAINT imagenes_document CHECK (content.takes_imagenes(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_campanas(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'campaignId' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'campaignId'), 1, 500, NULL)
    AND (document -> 'clientId' IS NULL OR (content.is_text((document -> 'clientId'), 1, 500, NULL) OR jsonb_typeof((document -> 'clientId')) = 'null'))
    AND content.is_text((document -> 'name'), 1, 500, NULL)
    AND content.is_text((document -> 'description'), NULL, 20000, NULL)
    AND (document -> 'targetAudience') IS NOT NULL
    AND content.is_text((document -> 'campaignMessage'), NULL, 20000, NULL)
    AND CASE WHEN jsonb_typeof((document -> 'contentVersions')) = 'array' THEN
        jsonb_array_length((document -> 'contentVersions')) <= 10000
        AND NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'contentVersions')) e6 WHERE (CASE WHEN jsonb_typeof(e6) = 'object' THEN
            content.is_text((e6 -> 'contentId'), 1, 500, NULL)
            AND content.is_text((e6 -> 'platform'), 1, 500, NULL)
            AND content.is_text((e6 -> 'type'), 1, 500, NULL) END) IS NOT TRUE) END
    AND CASE WHEN jsonb_typeof((document -> 'usedImages')) = 'array' THEN
        jsonb_array_length((document -> 'usedImages')) <= 10000
        AND NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'usedImages')) e6 WHERE (content.is_text(e6, 1, 500, NULL)) IS NOT TRUE) END
    AND content.is_text((document -> 'status'), 1, 500, NULL)
    AND content.is_time((document -> 'updatedAt')) END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.campanas'::regclass AND conname = 'campanas_document') THEN
    ALTER TABLE content.campanas ADD CONSTRAINT campanas_document CHECK (content.takes_campanas(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_clientes(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'clientId' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'clientId'), 1, 500, NULL)
    AND content.is_text((document -> 'company'), 1, 500, NULL)
    AND content.is_text((document -> 'email'), 1, 500, NULL)
    AND content.is_text((document -> 'phone'), 1, 500, NULL)
    AND content.is_text((document -> 'status'), 1, 500, NULL)
    AND content.is_time((document -> 'createdAt'))
    AND content.is_time((document -> 'updatedAt'))
    AND CASE WHEN jsonb_typeof((document -> 'subscriptions')) = 'array' THEN
        NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'subscriptions')) e6 WHERE (CASE WHEN jsonb_typeof(e6) = 'object' THEN
            content.is_text((e6 -> 'planId'), 1, 500, NULL)
            AND content.is_text((e6 -> 'planName'), 1, 500, NULL)
            AND content.is_text((e6 -> 'status'), 1, 500, NULL)
            AND (content.is_text((e6 -> 'renewalDate'), NULL, NULL, '^(?:(?:[0-9][0-9][2468][048]|[0-9][0-9][13579][26]|[0-9][0-9]0[48]|[02468][048]00|[13579][26]00)-02-29|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|(?:02)-(?:0[1-9]|1[0-9]|2[0-8])))$') OR content.is_time((e6 -> 'renewalDate')))
            AND content.is_text((e6 -> 'paymentStatus'), 1, 500, NULL)
            AND CASE WHEN jsonb_typeof((e6 -> 'usageTracking')) = 'object' THEN
                NOT EXISTS (SELECT FROM jsonb_each((e6 -> 'usageTracking')) e16 WHERE (CASE WHEN jsonb_typeof(e16.value) = 'object' THEN
                    content.is_number((e16.value -> 'used'), true, 0, 9007199254740991)
                    AND (content.is_number((e16.value -> 'limit'), true, 0, 9007199254740991) OR jsonb_typeof((e16.value -> 'limit')) = 'null')
                    AND (content.is_text((e16.value -> 'resetDate'), NULL, NULL, '^(?:(?:[0-9][0-9][2468][048]|[0-9][0-9][13579][26]|[0-9][0-9]0[48]|[02468][048]00|[13579][26]00)-02-29|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|(?:02)-(?:0[1-9]|1[0-9]|2[0-8])))$') OR content.is_time((e16.value -> 'resetDate'))) END) IS NOT TRUE) END END) IS NOT TRUE) END
    AND (document -> 'restricciones' IS NULL OR (CASE WHEN jsonb_typeof((document -> 'restricciones')) = 'object' THEN
          ((document -> 'restricciones') -> 'palabras' IS NULL OR (CASE WHEN jsonb_typeof(((document -> 'restricciones') -> 'palabras')) = 'array' THEN
                NOT EXISTS (SELECT FROM jsonb_array_elements(((document -> 'restricciones') -> 'palabras')) e14 WHERE (content.is_text(e14, NULL, NULL, NULL)) IS NOT TRUE) END OR jsonb_typeof(((document -> 'restricciones') -> 'palabras')) = 'null'))
          AND ((document -> 'restricciones') -> 'afirmaciones' IS NULL OR (CASE WHEN jsonb_typeof(((document -> 'restricciones') -> 'afirmaciones')) = 'array' THEN
                NOT EXISTS (SELECT FROM jsonb_array_elements(((document -> 'restricciones') -> 'afirmaciones')) e14 WHERE (content.is_text(e14, NULL, NULL, NULL)) IS NOT TRUE) END OR jsonb_typeof(((document -> 'restricciones') -> 'afirmaciones')) = 'null')) END OR jsonb_typeof((document -> 'restricciones')) = 'null')) END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.clientes'::regclass AND conname = 'clientes_document') THEN
    ALTER TABLE content.clientes ADD CONSTRAINT clientes_document CHECK (content.takes_clientes(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_logs_campanas(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'id_log' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'id_log'), 1, 500, NULL)
    AND content.is_text((document -> 'id_campana'), 1, 500, NULL)
    AND content.is_text((document -> 'id_cliente'), 1, 500, NULL)
    AND content.is_text((document -> 'descripcion_campana'), NULL, 20000, NULL)
    AND (document -> 'publico_meta') IS NOT NULL
    AND CASE WHEN jsonb_typeof((document -> 'mensajes_poblacion')) = 'array' THEN
        NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'mensajes_poblacion')) e6 WHERE (CASE WHEN jsonb_typeof(e6) = 'object' THEN
            (e6 -> 'poblacion') IS NOT NULL
            AND CASE WHEN jsonb_typeof((e6 -> 'mensajes')) = 'array' THEN
                NOT EXISTS (SELECT FROM jsonb_array_elements((e6 -> 'mensajes')) e14 WHERE (CASE WHEN jsonb_typeof(e14) = 'object' THEN
                    (e14 -> 'titular' IS NULL OR (content.is_text((e14 -> 'titular'), NULL, 20000, NULL) OR jsonb_typeof((e14 -> 'titular')) = 'null'))
                    AND content.is_text((e14 -> 'texto'), NULL, 20000, NULL)
                    AND content.is_text((e14 -> 'tono'), NULL, 20000, NULL)
                    AND CASE WHEN jsonb_typeof((e14 -> 'hashtags')) = 'array' THEN
                        NOT EXISTS (SELECT FROM jsonb_array_elements((e14 -> 'hashtags')) e22 WHERE (content.is_text(e22, NULL, NULL, NULL)) IS NOT TRUE) END
                    AND CASE WHEN jsonb_typeof((e14 -> 'imagenes')) = 'array' THEN
                        NOT EXISTS (SELECT FROM jsonb_array_elements((e14 -> 'imagenes')) e22 WHERE (content.is_text(e22, 1, 500, NULL)) IS NOT TRUE) END
                    AND content.is_text((e14 -> 'motivo'), NULL, 20000, NULL) END) IS NOT TRUE) END END) IS NOT TRUE) END
    AND CASE WHEN jsonb_typeof((document -> 'generacion_metadata')) = 'object' THEN
        content.is_text(((document -> 'generacion_metadata') -> 'herramienta'), 1, 500, NULL)
        AND content.is_text(((document -> 'generacion_metadata') -> 'usuario'), 1, 500, NULL)
        AND content.is_text(((document -> 'generacion_metadata') -> 'modelo'), 1, 500, NULL)
        AND content.is_text(((document -> 'generacion_metadata') -> 'version_prompt'), 1, 500, NULL)
        AND content.is_text(((document -> 'generacion_metadata') -> 'hash_prompt'), 1, 500, NULL)
        AND ((document -> 'generacion_metadata') -> 'hash_solicitud' IS NULL OR (content.is_text(((document -> 'generacion_metadata') -> 'hash_solicitud'), 1, 500, NULL) OR jsonb_typeof(((document -> 'generacion_metadata') -> 'hash_solicitud')) = 'null'))
        AND content.is_text(((document -> 'generacion_metadata') -> 'idioma'), 1, 500, NULL)
        AND ((document -> 'generacion_metadata') -> 'canal' IS NULL OR (content.is_text(((document -> 'generacion_metadata') -> 'canal'), 1, 500, NULL) OR jsonb_typeof(((document -> 'generacion_metadata') -> 'canal')) = 'null'))
        AND content.is_number(((document -> 'generacion_metadata') -> 'tokens_consumidos'), true, 0, 9007199254740991)
        AND content.is_text(((document -> 'generacion_metadata') -> 'costo_usd'), NULL, NULL, '^[0-9]{1,8}(\.[0-9]{1,12})?$')
        AND ((document -> 'generacion_metadata') -> 'costo_conocido' IS NULL OR jsonb_typeof(((document -> 'generacion_metadata') -> 'costo_conocido')) = 'boolean')
        AND content.is_number(((document -> 'generacion_metadata') -> 'duracion_ms'), true, 0, 9007199254740991) END
    AND content.is_text((document -> 'dia'), NULL, NULL, '^(?:(?:[0-9][0-9][2468][048]|[0-9][0-9][13579][26]|[0-9][0-9]0[48]|[02468][048]00|[13579][26]00)-02-29|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|(?:02)-(?:0[1-9]|1[0-9]|2[0-8])))$')
    AND content.is_time((document -> 'fecha')) END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.logs_campanas'::regclass AND conname = 'logs_campanas_document') THEN
    ALTER TABLE content.logs_campanas ADD CONSTRAINT logs_campanas_document CHECK (content.takes_logs_campanas(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_bitacora_solicitudes(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'id_solicitud' = id AND octet_length(document::text) <= 4000000 AND (CASE WHEN jsonb_typeof(document) = 'object' THEN
      content.is_text((document -> 'id_solicitud'), 1, 500, NULL)
      AND content.is_text((document -> 'servicio_utilizado'), 1, 500, NULL)
      AND jsonb_typeof((document -> 'request')) = 'object'
      AND jsonb_typeof((document -> 'response')) = 'object'
      AND (content.is_text((document -> 'resultado'), 1, 500, NULL) AND content.is_text((document -> 'resultado'), NULL, NULL, '^(?!from_cache$)'))
      AND content.is_number((document -> 'tiempo_respuesta_ms'), true, 0, 9007199254740991)
      AND content.is_number((document -> 'tokens_consumidos'), true, 0, 9007199254740991)
      AND content.is_text((document -> 'costo_usd'), NULL, NULL, '^[0-9]{1,8}(\.[0-9]{1,12})?$')
      AND (document -> 'costo_conocido' IS NULL OR jsonb_typeof((document -> 'costo_conocido')) = 'boolean')
      AND (document -> 'tokens_ahorrados' IS NULL OR content.is_number((document -> 'tokens_ahorrados'), true, 0, 9007199254740991))
      AND (document -> 'costo_ahorrado_usd' IS NULL OR content.is_text((document -> 'costo_ahorrado_usd'), NULL, NULL, '^[0-9]{1,8}(\.[0-9]{1,12})?$'))
      AND (document -> 'id_cliente' IS NULL OR (content.is_text((document -> 'id_cliente'), 1, 500, NULL) OR jsonb_typeof((document -> 'id_cliente')) = 'null'))
      AND (document -> 'id_campana' IS NULL OR (content.is_text((document -> 'id_campana'), 1, 500, NULL) OR jsonb_typeof((document -> 'id_campana')) = 'null'))
      AND content.is_text((document -> 'herramienta'), 1, 500, NULL)
      AND content.is_text((document -> 'usuario'), 1, 500, NULL)
      AND content.is_text((document -> 'dia'), NULL, NULL, '^(?:(?:[0-9][0-9][2468][048]|[0-9][0-9][13579][26]|[0-9][0-9]0[48]|[02468][048]00|[13579][26]00)-02-29|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|(?:02)-(?:0[1-9]|1[0-9]|2[0-8])))$')
      AND content.is_time((document -> 'fecha')) END OR CASE WHEN jsonb_typeof(document) = 'object' THEN
      content.is_text((document -> 'id_solicitud'), 1, 500, NULL)
      AND content.is_text((document -> 'servicio_utilizado'), 1, 500, NULL)
      AND jsonb_typeof((document -> 'request')) = 'object'
      AND jsonb_typeof((document -> 'response')) = 'object'
      AND (content.is_text((document -> 'resultado'), 1, 500, NULL) AND (document -> 'resultado') IN ('"from_cache"'))
      AND content.is_number((document -> 'tiempo_respuesta_ms'), true, 0, 9007199254740991)
      AND (content.is_number((document -> 'tokens_consumidos'), true, 0, 9007199254740991) AND (document -> 'tokens_consumidos') IN ('0'))
      AND (content.is_text((document -> 'costo_usd'), NULL, NULL, '^[0-9]{1,8}(\.[0-9]{1,12})?$') AND content.is_text((document -> 'costo_usd'), NULL, NULL, '^0+(?:\.0+)?$'))
      AND (document -> 'costo_conocido' IS NULL OR jsonb_typeof((document -> 'costo_conocido')) = 'boolean')
      AND (document -> 'tokens_ahorrados' IS NULL OR content.is_number((document -> 'tokens_ahorrados'), true, 0, 9007199254740991))
      AND (document -> 'costo_ahorrado_usd' IS NULL OR content.is_text((document -> 'costo_ahorrado_usd'), NULL, NULL, '^[0-9]{1,8}(\.[0-9]{1,12})?$'))
      AND (document -> 'id_cliente' IS NULL OR (content.is_text((document -> 'id_cliente'), 1, 500, NULL) OR jsonb_typeof((document -> 'id_cliente')) = 'null'))
      AND (document -> 'id_campana' IS NULL OR (content.is_text((document -> 'id_campana'), 1, 500, NULL) OR jsonb_typeof((document -> 'id_campana')) = 'null'))
      AND content.is_text((document -> 'herramienta'), 1, 500, NULL)
      AND content.is_text((document -> 'usuario'), 1, 500, NULL)
      AND content.is_text((document -> 'dia'), NULL, NULL, '^(?:(?:[0-9][0-9][2468][048]|[0-9][0-9][13579][26]|[0-9][0-9]0[48]|[02468][048]00|[13579][26]00)-02-29|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|(?:02)-(?:0[1-9]|1[0-9]|2[0-8])))$')
      AND content.is_time((document -> 'fecha')) END)) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.bitacora_solicitudes'::regclass AND conname = 'bitacora_solicitudes_document') THEN
    ALTER TABLE content.bitacora_solicitudes ADD CONSTRAINT bitacora_solicitudes_document CHECK (content.takes_bitacora_solicitudes(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_servicios_terceros(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'nombre_servicio' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'nombre_servicio'), NULL, NULL, '^[A-Za-z][A-Za-z0-9_-]{0,99}$')
    AND content.is_text((document -> 'url_base'), NULL, 2048, '^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][^ \t\r\n<>"''`\\]*)?$')
    AND CASE WHEN jsonb_typeof((document -> 'metodos_disponibles')) = 'array' THEN
        jsonb_array_length((document -> 'metodos_disponibles')) <= 200
        AND NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'metodos_disponibles')) e6 WHERE (CASE WHEN jsonb_typeof(e6) = 'object' THEN
            content.is_text((e6 -> 'nombre'), NULL, NULL, '^[A-Za-z][A-Za-z0-9_-]{0,99}$')
            AND (e6 -> 'metodo_http') IN ('"GET"', '"POST"', '"PUT"', '"PATCH"', '"DELETE"')
            AND content.is_text((e6 -> 'ruta'), NULL, 500, '^\/[^ \t\r\n<>"''`\\]*$') END) IS NOT TRUE) END
    AND (CASE WHEN jsonb_typeof((document -> 'autenticacion')) = 'object' THEN
          ((document -> 'autenticacion') -> 'tipo') IN ('"oauth2_client_credentials"')
          AND content.is_text(((document -> 'autenticacion') -> 'url_token'), NULL, 2048, '^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][^ \t\r\n<>"''`\\]*)?$')
          AND ((document -> 'autenticacion') -> 'metodo_http') IN ('"POST"')
          AND CASE WHEN jsonb_typeof(((document -> 'autenticacion') -> 'scopes')) = 'array' THEN
              jsonb_array_length(((document -> 'autenticacion') -> 'scopes')) <= 100
              AND NOT EXISTS (SELECT FROM jsonb_array_elements(((document -> 'autenticacion') -> 'scopes')) e12 WHERE (content.is_text(e12, 1, 500, NULL)) IS NOT TRUE) END
          AND (document -> 'autenticacion') - ARRAY['tipo', 'url_token', 'metodo_http', 'scopes'] = '{}' END OR CASE WHEN jsonb_typeof((document -> 'autenticacion')) = 'object' THEN
          ((document -> 'autenticacion') -> 'tipo') IN ('"api_key"')
          AND (document -> 'autenticacion') - ARRAY['tipo'] = '{}' END)
    AND CASE WHEN jsonb_typeof((document -> 'rate_limits')) = 'object' THEN
        content.is_number(((document -> 'rate_limits') -> 'por_minuto'), true, 0, 9007199254740991)
        AND content.is_number(((document -> 'rate_limits') -> 'por_dia'), true, 0, 9007199254740991) END
    AND (document -> 'estado') IN ('"activo"', '"inactivo"')
    AND content.is_time((document -> 'createdAt'))
    AND content.is_time((document -> 'updatedAt')) END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.servicios_terceros'::regclass AND conname = 'servicios_terceros_document') THEN
    ALTER TABLE content.servicios_terceros ADD CONSTRAINT servicios_terceros_document CHECK (content.takes_servicios_terceros(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_mcp_servers(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'name' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'name'), NULL, NULL, '^[A-Za-z][A-Za-z0-9_-]{0,99}$')
    AND CASE WHEN jsonb_typeof((document -> 'tools')) = 'array' THEN
        jsonb_array_length((document -> 'tools')) <= 200
        AND NOT EXISTS (SELECT FROM jsonb_array_elements((document -> 'tools')) e6 WHERE (content.is_text(e6, NULL, NULL, '^[A-Za-z][A-Za-z0-9_-]{0,99}$')) IS NOT TRUE) END
    AND CASE WHEN jsonb_typeof((document -> 'configuration')) = 'object' THEN
        CASE WHEN jsonb_typeof(((document -> 'configuration') -> 'transport')) = 'array' THEN
            jsonb_array_length(((document -> 'configuration') -> 'transport')) <= 2
            AND NOT EXISTS (SELECT FROM jsonb_array_elements(((document -> 'configuration') -> 'transport')) e10 WHERE (e10 IN ('"stdio"', '"streamable-http"')) IS NOT TRUE) END
        AND content.is_text(((document -> 'configuration') -> 'path'), 1, 500, NULL)
        AND content.is_number(((document -> 'configuration') -> 'timeoutMs'), true, 0, 9007199254740991) END
    AND CASE WHEN jsonb_typeof((document -> 'usageMetrics')) = 'object' THEN
        content.is_number(((document -> 'usageMetrics') -> 'calls'), true, 0, 9007199254740991)
        AND content.is_number(((document -> 'usageMetrics') -> 'errors'), true, 0, 9007199254740991)
        AND (content.is_number(((document -> 'usageMetrics') -> 'averageResponseTimeMs'), false, 0, NULL) OR jsonb_typeof(((document -> 'usageMetrics') -> 'averageResponseTimeMs')) = 'null') END
    AND content.is_time((document -> 'createdAt'))
    AND content.is_time((document -> 'updatedAt')) END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.mcp_servers'::regclass AND conname = 'mcp_servers_document') THEN
    ALTER TABLE content.mcp_servers ADD CONSTRAINT mcp_servers_document CHECK (content.takes_mcp_servers(id, document)) NOT VALID;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION content.takes_credenciales_cifradas(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> 'id_credencial' = id AND octet_length(document::text) <= 4000000 AND CASE WHEN jsonb_typeof(document) = 'object' THEN
    content.is_text((document -> 'id_credencial'), 1, 500, NULL)
    AND content.is_text((document -> 'servicio_referencia'), NULL, NULL, '^[A-Za-z][A-Za-z0-9_-]{0,99}$')
    AND (document -> 'tipo_credencial') IN ('"client_id"', '"client_secret"', '"api_key"', '"access_token"', '"refresh_token"')
    AND content.is_text((document -> 'valor_cifrado'), NULL, 20000, '^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$')
    AND content.is_text((document -> 'clave_envuelta'), 300, 2000, '^[A-Za-z0-9_-]+$')
    AND (document -> 'algoritmo') IN ('"X.509 RSA-OAEP-256, AES-256-GCM"')
    AND content.is_text((document -> 'huella_certificado'), NULL, NULL, '^[0-9a-f]{64}$')
    AND content.is_time((document -> 'ultima_rotacion'))
    AND content.is_time((document -> 'createdAt'))
    AND content.is_time((document -> 'updatedAt'))
    AND document - ARRAY['id_credencial', 'servicio_referencia', 'tipo_credencial', 'valor_cifrado', 'clave_envuelta', 'algoritmo', 'huella_certificado', 'ultima_rotacion', 'createdAt', 'updatedAt'] = '{}' END) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.credenciales_cifradas'::regclass AND conname = 'credenciales_cifradas_document') THEN
    ALTER TABLE content.credenciales_cifradas ADD CONSTRAINT credenciales_cifradas_document CHECK (content.takes_credenciales_cifradas(id, document)) NOT VALID;
  END IF;
END $$;

CREATE UNIQUE INDEX IF NOT EXISTS credenciales_cifradas_unique ON content.credenciales_cifradas ((document ->> 'servicio_referencia'), (document ->> 'tipo_credencial'));
