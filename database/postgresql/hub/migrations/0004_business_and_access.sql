-- What the hub itself owns.
CREATE TABLE business.plans (
  plan_id       text PRIMARY KEY,
  name          text NOT NULL,
  monthly_price numeric(10,2) NOT NULL,          -- USD
  features      jsonb NOT NULL                   -- {feature: limit a month, or null for no limit}
);
INSERT INTO business.plans (plan_id, name, monthly_price, features) VALUES
  ('PLAN-STARTER',    'Starter',    49.00,  '{"generacion_contenido": 100,  "imagenes_ia": 20}'),
  ('PLAN-GROWTH',     'Growth',     199.00, '{"generacion_contenido": 1000, "imagenes_ia": 200}'),
  ('PLAN-ENTERPRISE', 'Enterprise', 899.00, '{"generacion_contenido": null, "imagenes_ia": null}');

CREATE TABLE access.roles (
  role        text PRIMARY KEY,
  description text NOT NULL
);
INSERT INTO access.roles (role, description) VALUES
  ('admin',     'everything, operations included'),
  ('marketing', 'campaigns, content and budgets'),
  ('sales',     'campaign results, leads and customers'),
  ('users',     'reads campaign results');

CREATE TABLE access.users (
  user_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email      text NOT NULL UNIQUE,
  full_name  text NOT NULL,
  role       text NOT NULL REFERENCES access.roles,
  client_id  text,                               -- null: the whole company's data
  active     boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE access.sso_identities (
  issuer   text NOT NULL,
  subject  text NOT NULL,
  user_id  uuid NOT NULL REFERENCES access.users ON DELETE CASCADE,
  PRIMARY KEY (issuer, subject)
);

CREATE TABLE access.audit (
  audit_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor       text NOT NULL,
  action      text NOT NULL,
  subject     text NOT NULL,
  reason      text,
  details     jsonb NOT NULL DEFAULT '{}'
);
