import { expect, it } from 'vitest';
import { field, integerField, metadataField, stringField, typeMetaField, unknownBytes } from './protobuf-size.js';

it('the Endpoints object with every field set that upstream keeps for round trips has 728 bytes (k8s.io/api testdata/HEAD/core.v1.Endpoints.pb)', () => {
  // Every string is the name of its field and "Value"; there is one of everything.
  const value = (name: string): string => `${name}Value`;
  const metadata = metadataField({
    name: value('name'),
    generateName: value('generateName'),
    namespace: value('namespace'),
    selfLink: value('selfLink'),
    uid: value('uid'),
    resourceVersion: value('resourceVersion'),
    generation: 7,
    creationTimestamp: '2008-01-01T01:01:01Z',
    deletionTimestamp: '2009-01-01T01:01:01Z',
    deletionGracePeriodSeconds: 10,
    labels: { labelsKey: value('labels') },
    annotations: { annotationsKey: value('annotations') },
    ownerReferences: [
      {
        apiVersion: value('apiVersion'),
        kind: value('kind'),
        name: value('name'),
        uid: value('uid'),
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    finalizers: [value('finalizers')],
    managedFields: [
      {
        manager: value('manager'),
        operation: value('operation'),
        apiVersion: value('apiVersion'),
        time: '2004-01-01T01:01:01Z',
        fieldsType: value('fieldsType'),
        fieldsV1: {},
        subresource: value('subresource'),
      },
    ],
  });
  const strings = (...names: string[]): number => names.reduce((sum, name) => sum + stringField(value(name)), 0);
  const reference = strings('kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath');
  const address = field(strings('ip', 'hostname', 'nodeName') + field(reference));
  const port = field(strings('name', 'protocol', 'appProtocol') + integerField(4));
  // One ready address, one that is not ready, one port.
  const subset = field(2 * address + port);
  expect(unknownBytes(typeMetaField('v1', 'Endpoints'), metadata + subset)).toBe(728);
});
