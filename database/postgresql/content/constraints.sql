-- PromptContent: keys and change tracking of the collections.
DO $$
DECLARE
  collection text;
BEGIN
  FOREACH collection IN ARRAY ARRAY['imagenes', 'campanas', 'clientes', 'logs_campanas', 'bitacora_solicitudes',
                                    'servicios_terceros', 'mcp_servers', 'credenciales_cifradas'] LOOP
    EXECUTE format('ALTER TABLE content.%I ADD PRIMARY KEY (id)', collection);
    CALL tracking.track(format('content.%I', collection)::regclass, 'id');
  END LOOP;
END $$;
